/** Texts that would run, or break what is around them, if a page took them for anything but text. */
export const HOSTILE: readonly string[] = [
  `<img src=x onerror="document.title='owned'">`,
  `"><script>document.title='owned'</script>`,
  `</textarea></pre></code><svg onload="document.title='owned'">`,
  `javascript:document.title='owned'`,
  `{{constructor.constructor("document.title='owned'")()}}`,
  `\${document.title='owned'}`,
  `&lt;b&gt; &amp; &#x3c;`,
  `<iframe srcdoc="<script>parent.document.title='owned'</script>"></iframe>`,
  `]]><Code>InternalError</Code>`,
  `__proto__`,
];
