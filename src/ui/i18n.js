// Every visible text, in the viewer's language: `texts` are the page's own, `said` those for what Clockify and the service name and say. A key that
// a language lacks would be a defect; a test compares them.

const KNOWN = ['en', 'de', 'es', 'fr', 'pt', 'pl'];
let texts = {};
let language = 'en';

/** Loads the texts of a language such as `EN` or `pt_BR`; English for one that is not here. */
export async function speak(wanted) {
  const plain = String(wanted ?? '').toLowerCase().split(/[-_]/)[0];
  language = KNOWN.includes(plain) ? plain : 'en';
  const [own, said] = await Promise.all([import(`./texts/${language}.js`), import(`./said/${language}.js`)]);
  texts = { ...own.default, ...said.default };
  document.documentElement.lang = language;
}

/** A text, with `{name}` filled in. */
export function t(key, values) {
  const text = texts[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole)) : text;
}

/** A text, or nothing where there is none. */
t.maybe = (key) => texts[key];

/** The language for the browser's own formatting. */
export const locale = () => language;

const formats = new Map();

/** A number as the viewer writes it. */
export function number(value) {
  if (!formats.has(language)) formats.set(language, new Intl.NumberFormat(language));
  return formats.get(language).format(value ?? 0);
}

/** An event type as people read it. */
export const eventName = (type) => texts[`event.${type}`] ?? words(type);

/** A type of entities as people read it. */
export const entityName = (type) => texts[`entity.${type}`] ?? words(type);

/** A tag of the platform's operations as people read it, and what it says of them: `Policy (Deprecated)`. */
export function tagName(tag) {
  const [, name, note] = /^(.*?)(?: \((\w+)\))?$/.exec(tag) ?? [];
  const said = texts[`tag.${name}`];
  if (!said) return tag;
  return note ? `${said} (${texts[`tag.${note}`] ?? note})` : said;
}

/** A code as people read it where there is no text for it: the platform's own name, without its shape. */
export function words(code) {
  const text = String(code ?? '').replaceAll(/[_-]/g, ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
