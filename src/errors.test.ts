import { describe, expect, it } from 'vitest';
import { COMMAND_LINE_ERRORS } from './error-catalogue/command-line.ts';
import { INTERNAL_ERRORS } from './error-catalogue/internal.ts';
import { PARAMETER_ERRORS } from './error-catalogue/parameters.ts';
import { REQUEST_ERRORS } from './error-catalogue/request.ts';
import { STATE_ERRORS } from './error-catalogue/state.ts';
import { CATALOGUE, describeError, EcdError, type ErrorCode } from './errors.ts';

const TABLES = [REQUEST_ERRORS, PARAMETER_ERRORS, STATE_ERRORS, INTERNAL_ERRORS, COMMAND_LINE_ERRORS];
const codes = Object.keys(CATALOGUE) as ErrorCode[];

describe('the error catalogue', () => {
  it('has each code once', () => {
    const all = TABLES.flatMap((table) => Object.keys(table));
    expect(all).toHaveLength(new Set(all).size);
    expect(codes).toHaveLength(all.length);
  });

  it('says 404 exactly for what was not found', () => {
    for (const code of codes)
      expect([code, CATALOGUE[code].status === 404]).toEqual([code, code.endsWith('.NotFound')]);
  });

  it('marks as internal all that is about our own machinery, and nothing else', () => {
    for (const entry of Object.values(INTERNAL_ERRORS)) expect(entry).toHaveProperty('internal', true);
    for (const table of [REQUEST_ERRORS, PARAMETER_ERRORS, STATE_ERRORS]) {
      for (const entry of Object.values(table)) expect(entry).not.toHaveProperty('internal');
    }
  });

  it('says of each code that a client can meet how it comes to be, in whole sentences', () => {
    for (const table of [REQUEST_ERRORS, PARAMETER_ERRORS, STATE_ERRORS])
      for (const [code, { causes }] of Object.entries(table))
        expect([code, causes]).toEqual([code, expect.stringMatching(/^[A-Z][^{}]{15,180}\.$/)]);
  });

  it('fills in details, names the parameter in the public code, and keeps the cause', () => {
    const cause = new Error('the disk is on fire');
    const error = new EcdError('MissingParameter', { parameter: 'RegionId' }, cause);
    expect(error.message).toBe('RegionId is mandatory for this action.');
    expect(error.publicCode).toBe('MissingRegionId');
    expect(new EcdError('InvalidParameter', { parameter: 'Amount' }).publicCode).toBe('InvalidAmount');
    expect(describeError(error)).toBe('RegionId is mandatory for this action.: the disk is on fire');
  });
});
