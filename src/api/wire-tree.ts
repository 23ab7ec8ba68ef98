/**
 * The flattened parameters of lists and objects (`Tag.1.Key`) as a tree.
 *
 * Invariants: a name is split at its dots, at most 8 deep (deeper ones name nothing that exists); list items come in
 * the order of their numbers, whatever gaps there are.
 */
import type { ParameterMap } from './parameters.ts';

export interface WireNode {
  value?: string;
  children?: Map<string, WireNode>;
}

const MAX_DEPTH = 8;
const INDEX = /^\d{1,6}$/;

/** The tree of all parameters whose first part is in `roots`. */
export function wireTree(parameters: ParameterMap, roots: ReadonlySet<string>): Map<string, WireNode> {
  const tree = new Map<string, WireNode>();
  for (const [name, value] of parameters) {
    const dot = name.indexOf('.');
    if (!roots.has(dot < 0 ? name : name.slice(0, dot))) continue;
    const parts = name.split('.', MAX_DEPTH + 1);
    if (parts.length <= MAX_DEPTH) put(tree, parts, value);
  }
  return tree;
}

/** The numbered children of a node in their order, as [number, child]; null when a number stands twice (`1`, `01`). */
export function numbered(node: WireNode): [number, WireNode][] | null {
  const items = new Map<number, WireNode>();
  for (const [part, child] of node.children ?? []) {
    if (!INDEX.test(part)) continue;
    if (items.has(Number(part))) return null;
    items.set(Number(part), child);
  }
  return [...items].sort(([a], [b]) => a - b);
}

/** A JSON value as the node that its flattened form would give. */
export function nodeOfJson(json: unknown, depth = 0): WireNode | null {
  if (depth > MAX_DEPTH) return null;
  if (json === null) return {};
  if (typeof json !== 'object') return { value: String(json) };
  const children = new Map<string, WireNode>();
  const entries = Array.isArray(json)
    ? json.map((v, i) => [String(i + 1), v] as const)
    : Object.entries(json);
  for (const [part, value] of entries) {
    const child = nodeOfJson(value, depth + 1);
    if (child === null) return null;
    children.set(part, child);
  }
  return { children };
}

function put(tree: Map<string, WireNode>, parts: string[], value: string): void {
  let level = tree;
  for (const [i, part] of parts.entries()) {
    let node = level.get(part);
    if (node === undefined) level.set(part, (node = {}));
    if (i === parts.length - 1) node.value = value;
    else level = node.children ??= new Map();
  }
}
