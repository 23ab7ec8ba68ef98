/** Answers with line breaks, for people. What cannot be read stays as it is. */

export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

/** One element a line, indented; texts stay beside their tags. */
export function prettyXml(text: string): string {
  let depth = 0;
  const lines = text.replace(/></g, '>\n<').split('\n');
  return lines
    .map((line) => {
      if (line.startsWith('</')) depth = Math.max(0, depth - 1);
      const shown = `${'  '.repeat(depth)}${line}`;
      const opens = /^<[^?!/][^>]*[^/]>$|^<[^?!/]>$/.test(line);
      if (opens) depth++;
      return shown;
    })
    .join('\n');
}
