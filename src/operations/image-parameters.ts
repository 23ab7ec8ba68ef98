/** The parameters that name and describe an image, for the operations that make and change one. */
import { Type } from 'typebox';

export const ImageName = Type.Optional(
  Type.String({
    minLength: 2,
    maxLength: 128,
    pattern: '^\\P{Cc}*$',
    'x-error': 'InvalidImageName.Malformed',
    description: '2 to 128 characters, no control characters.',
  }),
);

export const ImageDescription = Type.Optional(
  Type.String({
    maxLength: 256,
    'x-error': 'InvalidDescription.Malformed',
    description: 'Up to 256 characters.',
  }),
);

/** The codes of malformed ones. */
export const IMAGE_ERRORS = ['InvalidImageName.Malformed', 'InvalidDescription.Malformed'] as const;
