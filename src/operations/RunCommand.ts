import { Type } from 'typebox';
import { distinct, refused, requireDesktopsHere } from './checks.ts';
import { checkCommand, encodingOf } from './command-text.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { choice, IGNORED, int64, RegionId, text, texts } from './schema.ts';

const DEFAULT_TIMEOUT_S = 300;
const LONGEST_TIMEOUT_S = 24 * 60 * 60;

export const RunCommand = operation({
  name: 'RunCommand',
  kind: 'write',
  summary: 'Runs a script in the guests of desktops through their guest agents.',
  parameters: Type.Object({
    RegionId,
    Type: choice(
      ['RunShellScript', 'RunPowerShellScript', 'RunBatScript'],
      'What runs it: RunShellScript in Linux guests, the others in Windows guests (untested).',
    ),
    CommandContent: Type.String({ description: 'The script: in Base64 up to 16 KiB.' }),
    Timeout: int64(`Seconds it may take; ${DEFAULT_TIMEOUT_S} if not given.`),
    ContentEncoding: text('How CommandContent is written: Base64, or PlainText if it is anything else.'),
    DesktopId: texts('The desktops.', 300),
    EndUserId: text('The user of the guest that it runs as.'),
    CommandRole: text(IGNORED),
  }),
  response: Type.Object({ InvokeId: Type.String({ description: 'For DescribeInvocations.' }) }),
  errors: [
    'InvalidParameter',
    'InvalidRegionId.NotFound',
    'InvalidDesktopId.NotFound',
    'IncorrectDesktopStatus',
  ],
  resources: ({ DesktopId: ids }) => named('desktop', ids),
  async run(services, parameters, context) {
    const encoding = encodingOf(parameters.ContentEncoding);
    const timeout = parameters.Timeout ?? DEFAULT_TIMEOUT_S;
    checkCommand(parameters.CommandContent, encoding);
    if (timeout < 1 || timeout > LONGEST_TIMEOUT_S) {
      throw refused('Timeout', `Use 1 to ${LONGEST_TIMEOUT_S} seconds.`);
    }
    const desktopIds = distinct(parameters.DesktopId);
    await requireDesktopsHere(services, parameters.RegionId, desktopIds);
    const invokeId = await services.commands.run(
      {
        regionId: parameters.RegionId,
        type: parameters.Type,
        content: parameters.CommandContent,
        contentEncoding: encoding,
        desktopIds,
        endUserId: parameters.EndUserId ?? '',
        timeoutSeconds: timeout,
        creator: context.userName,
      },
      context.claim,
    );
    return { InvokeId: invokeId };
  },
});
