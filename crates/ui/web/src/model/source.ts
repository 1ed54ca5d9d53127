// What sources are called.

/** What a person calls a source: the end of its id, which is what is written on it; a
    colleague by name. */
export function sourceName(id: string): string {
  const account = /^urn:twin:account:(.+)$/.exec(id)?.[1];
  if (account) return decoded(account);
  return /^urn:twin:source:(.+)$/.exec(id)?.[1] ?? id.split(':').slice(-2).join(' ');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
