/**
 * Operations of this server that the public service does not have, and why they are there. Clients of the public service
 * never call them.
 */
export const EXTENSIONS: Readonly<Record<string, string>> = {
  GetDesktopScreenshot:
    'A picture of what the screen of a Running desktop shows, as PNG, made smaller to fit in MaxSize by MaxSize pixels (16 to 1,280; 320 if not sent). The console shows it in its list. Whoever has the right ecd:GetDesktopScreenshot on a desktop sees what its user sees: AliyunECDReadOnlyAccess does not hold it.',
};
