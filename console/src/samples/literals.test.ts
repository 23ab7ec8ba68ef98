import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csharp, go, hcl, java, javascript, php, python, shell } from './literals.ts';

/** What breaks out of quotes, lines, encodings and templates. */
const HOSTILE = [
  '',
  '"',
  "'",
  '\\',
  '\\"',
  `\\'`,
  'a\\',
  '\n\r\t\b\f\0\u001b[31m',
  '\u007f\u0085\u00a0\u00ad\u200b\u202e\u2028\u2029\ufeff',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: other languages fill it in
  '$(id) `id` ${HOME} $HOME {$x} $$ $ %{if} %%{ $${a} %s %41',
  '\\u0022 \\u000a \\\\u0022 \\x41 \\101 \\N{DASH}',
  '*/ // # -- --help -x <script>alert(1)</script>',
  '中文 é 😀 👩‍💻 \u{10ffff}',
  '\ud800 half',
];
const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
);
const wellFormed = (one: string) => one.toWellFormed();
const RUNS = 300;

/** Characters that would end a line or that nobody sees. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Reads a literal in double quotes with the escapes that a language has, each from its backslash on. */
function read(
  literal: string,
  escapes: readonly (readonly [RegExp, (...parts: string[]) => string])[],
): string {
  expect(literal).toMatch(/^".*"$/s);
  const inner = literal.slice(1, -1);
  let out = '';
  for (let at = 0; at < inner.length; ) {
    if (inner[at] !== '\\') {
      expect(inner[at]).not.toBe('"');
      expect(inner[at]).not.toMatch(UNSEEN);
      out += inner[at++];
      continue;
    }
    const rest = inner.slice(at);
    const found = escapes.map(([form, value]) => [form.exec(rest), value] as const).find(([hit]) => hit);
    if (found?.[0] == null) throw new Error(`no escape of the language: ${rest.slice(0, 12)}`);
    out += found[1](...found[0].slice(1));
    at += found[0][0].length;
  }
  return out;
}

const simple = [/^\\([\\"nrt])/, (c: string) => ({ n: '\n', r: '\r', t: '\t' })[c] ?? c] as const;
const four = [/^\\u([0-9A-F]{4})/, (code: string) => String.fromCharCode(Number.parseInt(code, 16))] as const;
const eight = [
  /^\\U([0-9A-F]{8})/,
  (code: string) => String.fromCodePoint(Number.parseInt(code, 16)),
] as const;

const READERS = {
  go: (literal: string) => read(literal, [simple, four, eight]),
  csharp: (literal: string) => read(literal, [simple, four]),
  php(literal: string) {
    const dollar = [/^\\\$/, () => '$'] as const;
    const code = [
      /^\\u\{([0-9A-F]+)\}/,
      (digits: string) => String.fromCodePoint(Number.parseInt(digits, 16)),
    ] as const;
    expect(literal.replaceAll(/\\./g, '')).not.toContain('$');
    return read(literal, [simple, dollar, code]);
  },
  java(literal: string) {
    expect(literal).toMatch(/^[ -~]*$/);
    // The first thing that a compiler does, wherever a \u has no backslash before it.
    const translated = literal.replace(/(\\*)\\u([0-9A-F]{4})/g, (all, before: string, code: string) => {
      if (before.length % 2 === 1) return all;
      const one = String.fromCharCode(Number.parseInt(code, 16));
      expect(one).not.toMatch(/[\n\r"\\]/);
      return before + one;
    });
    const octal = [
      /^\\([0-7]{3})/,
      (digits: string) => String.fromCharCode(Number.parseInt(digits, 8)),
    ] as const;
    return read(
      translated.replaceAll(/[\p{Cf}\p{Zl}\p{Zp}\p{Cc}]/gu, (c) => `\\{${c}`),
      [simple, octal, [/^\\\{(.)/su, (c: string) => c]],
    );
  },
  hcl(literal: string) {
    const templates = literal.replaceAll(/(\$\$|%%)\{/g, '');
    expect(templates).not.toMatch(/[$%]\{/);
    return read(literal, [simple, four, eight]).replaceAll(/([$%])\1\{/g, '$1{');
  },
};

const WRITERS = { go, csharp, php, java, hcl };

describe.each(Object.entries(WRITERS))('%s', (language, write) => {
  const reader = READERS[language as keyof typeof READERS];
  test('stands for the text, whatever it is', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(reader(write(one))).toBe(wellFormed(one));
      }),
      { numRuns: RUNS, examples: HOSTILE.map((one) => [one]) },
    );
  });
});

test('javascript', () => {
  const reader = (literal: string) => new Function(`'use strict'; return ${literal};`)() as string;
  fc.assert(
    fc.property(text, (one) => {
      expect(reader(javascript(one))).toBe(wellFormed(one));
    }),
    { numRuns: RUNS, examples: HOSTILE.map((one) => [one]) },
  );
});

const samples = [...HOSTILE, ...fc.sample(text, { numRuns: RUNS, seed: 4 })];

test('python, by Python itself', () => {
  const program =
    'import ast, json, sys; print(json.dumps([ast.literal_eval(t) for t in json.load(sys.stdin)]))';
  const input = JSON.stringify(samples.map((one) => python(one)));
  const told = execFileSync('python3', ['-c', program], { input, encoding: 'utf8' });
  expect(JSON.parse(told)).toEqual(samples.map(wellFormed));
});

test('shell, by sh itself', () => {
  const script = `printf '%s\\0' ${samples.map(shell).join(' ')}`;
  const told = execFileSync('sh', { input: script, encoding: 'utf8' }).split('\0').slice(0, -1);
  expect(told).toEqual(samples.map((one) => wellFormed(one).replaceAll('\0', '\ufffd')));
});
