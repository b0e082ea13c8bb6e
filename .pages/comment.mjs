/** A doc comment: its summary, and its block tags with their texts. All are Markdown. */
export class Comment {
  /** `source` is the comment with its slashes and stars. */
  constructor(source = '') {
    const lines = source
      .replace(/^\s*\/\*\*|\*\/\s*$/g, '')
      .split('\n')
      .map((line) => line.replace(/^\s*\* ?/, ''));
    const [summary, ...tags] = lines.join('\n').split(/^(?=@\w)/m);
    this.summary = (summary ?? '').trim();
    this.tags = tags.map((text) => {
      const [, name, rest] = /^@(\w+)\s*(.*)$/s.exec(text);
      return { name, text: rest.trim() };
    });
  }

  /** The texts of all tags of that name. */
  all(name) {
    return this.tags.filter((tag) => tag.name === name).map(({ text }) => text);
  }

  /** All of it. */
  get text() {
    return [this.summary, ...this.tags.map(({ text }) => text)].join('\n\n').trim();
  }

  /** Whether it says which errors there are, in the summary or by a tag. */
  get saysErrors() {
    return this.all('throws').length > 0 || /\b(throws?|thrown|rejects)\b/i.test(this.summary);
  }
}
