import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { decodeToken, encodeToken, pageLimit, pageOf, scopeOf } from './listing.ts';

const key = fc.tuple(fc.integer({ min: 0, max: 2 ** 52 }), fc.string({ minLength: 1, maxLength: 24 }));

function codeOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    return error instanceof EcdError ? error.code : String(error);
  }
  return 'none';
}

describe('page tokens', () => {
  it('give their key back', () => {
    fc.assert(
      fc.property(fc.string(), key, (scope, [order, id]) => {
        expect(decodeToken(scope, encodeToken(scope, [order, id]))).toEqual([order, id]);
      }),
    );
  });

  it('are of no use with other filters', () => {
    fc.assert(
      fc.property(key, fc.string(), fc.string(), (k, a, b) => {
        fc.pre(a !== b);
        expect(codeOf(() => decodeToken(b, encodeToken(a, k)))).toBe('InvalidNextToken');
      }),
    );
  });

  it('are refused when one letter of them is changed, lost or added', () => {
    const letter = fc.constantFrom(...'ABCdef019-_+/= ~é\0');
    fc.assert(
      fc.property(key, fc.nat(), letter, fc.constantFrom(0, 1, 2), (k, at, other, kind) => {
        const token = encodeToken('s', k);
        const i = at % token.length;
        const mangled = token.slice(0, i) + (kind === 0 ? '' : other) + token.slice(i + (kind === 2 ? 0 : 1));
        fc.pre(mangled !== token);
        expect(codeOf(() => decodeToken('s', mangled))).toBe('InvalidNextToken');
      }),
      { numRuns: 500 },
    );
  });

  it.each(['x', ' ', 'null', '%00', 'A'.repeat(22), 'A'.repeat(100_000)])('refuse %.20j', (token) => {
    expect(codeOf(() => decodeToken('s', token))).toBe('InvalidNextToken');
  });

  it('belong to the filters, whatever their order, and not to what is left out', () => {
    expect(scopeOf('A', { x: 1, y: undefined, z: ['2'] })).toBe(scopeOf('A', { z: ['2'], x: 1 }));
    expect(scopeOf('A', { x: '1' })).not.toBe(scopeOf('A', { x: '2' }));
    expect(scopeOf('A', { x: '1' })).not.toBe(scopeOf('B', { x: '1' }));
    expect(scopeOf('A', { x: '1' })).not.toBe(scopeOf('A', { y: '1' }));
  });
});

describe('pages', () => {
  it('hold 1 to 100 items, 100 if nothing or 0 is asked for', () => {
    expect([undefined, 0, 1, 100].map(pageLimit)).toEqual([100, 100, 1, 100]);
    for (const wrong of [-1, 101, 1.5, Number.NaN]) {
      expect(codeOf(() => pageLimit(wrong))).toBe('InvalidMaxResults');
    }
  });

  it('have a token only if there are more items', () => {
    const at = (n: number): [number, string] => [n, 'x'];
    expect(pageOf([1, 2], 2, () => 's', at)).toEqual({ items: [1, 2], nextToken: null });
    const page = pageOf([1, 2, 3], 2, () => 's', at);
    expect(page.items).toEqual([1, 2]);
    expect(decodeToken('s', page.nextToken!)).toEqual([2, 'x']);
  });
});
