// What the service says, in the viewer's language: its refusals, why a run ended as it did, what is wrong with a field. Its own words are English.

import { Refusal } from './api.js';
import { locale, t } from './i18n.js';

/** What is wrong with a field and wants no more words than its code has. */
const PLAIN = ['required', 'unknown_field', 'unknown_operation', 'unknown_event_type', 'unknown_time_zone', 'unknown_secret', 'invalid_url', 'invalid_jsonpath', 'invalid_cron', 'invalid_pattern', 'secret_not_allowed'];

const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/** The service's own words for whoever reads them: they say more than a text for every such case. */
const own = (message) => (locale() === 'en' && message ? sentence(message) : null);

/** What a refusal means for whoever looks. */
export function explain(error) {
  if (!(error instanceof Refusal)) return t('error.page');
  return t.maybe(`error.${error.code}`) ?? own(error.message) ?? t.maybe(`code.${error.code}`) ?? (error.message || t('error.status', { status: error.status }));
}

/** Why a run or a step ended as it did, by `{code, message}`. */
export function reasoned(reason) {
  if (!reason) return '';
  const status = /^status_(\d+)$/.exec(reason.code)?.[1];
  return own(reason.message) ?? (status ? t('reason.status', { status }) : t.maybe(`reason.${reason.code}`)) ?? reason.message;
}

/** The service's own words, where something else is shown in their place. */
export const original = (reason) => (reason?.message && reasoned(reason).toLowerCase() !== reason.message.toLowerCase() ? reason.message : null);

/** What is wrong with a field, by `{code, message}`. */
export function faulted(fault) {
  const known = own(fault.message) ? null : t.maybe(`fault.${fault.code}`);
  if (!known) return sentence(fault.message ?? fault.code);
  return PLAIN.includes(fault.code) || !fault.message ? known : `${known} (${fault.message})`;
}
