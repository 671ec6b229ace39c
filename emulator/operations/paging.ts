import type { ReplyBody } from '../wire-reply.js';
import { type Parameters, wholeNumber } from './parameters.js';

/** The bounds of PageSize, which differ from operation to operation. */
export interface PageSizes {
  readonly min: number;
  readonly max: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** What every list operation says of its page. */
  readonly summary: ReplyBody;
}

/** Cuts the page that `PageNumber` (from 1, default 1) and `PageSize` (default 10) ask for. */
export function pageOf<T>(parameters: Parameters, all: readonly T[], sizes: PageSizes): Page<T> {
  const { number, size } = readPage(parameters, sizes);
  const start = (number - 1) * size;
  return {
    items: all.slice(start, start + size),
    summary: { TotalCount: all.length, PageNumber: number, PageSize: size },
  };
}

function readPage(parameters: Parameters, sizes: PageSizes): { readonly number: number; readonly size: number } {
  return {
    number: wholeNumber(parameters, 'PageNumber', { min: 1, max: 999_999_999, otherwise: 1 }),
    size: wholeNumber(parameters, 'PageSize', { ...sizes, otherwise: 10 }),
  };
}
