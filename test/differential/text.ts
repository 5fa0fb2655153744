/** A command or an answer on one line, its bytes as text. */
export const text = (value: unknown): string =>
  JSON.stringify(value, (_, field) => (field?.type === 'Buffer' ? Buffer.from(field.data).toString('latin1') : field));
