// Activity: who changed what.

import { get } from './api.js';
import { h, put } from './dom.js';
import { t } from './i18n.js';
import { brief } from './json.js';
import { empty, head, link, pager, sheet, table } from './parts.js';
import { when } from './time.js';

/** Names of the workspace's members by id, as far as the copy of its data has them. */
async function members(about, signal) {
  if (!about.features.entities) return new Map();
  const { entities } = await get('/ui/entities', { type: 'users', limit: 100 }, signal).catch(() => ({ entities: [] }));
  return new Map(entities.map(({ id, name }) => [id, name]));
}

/** What was changed: by name where it has one. */
function subject({ what, subject: id, detail }) {
  if (what.includes('/ui/flows') && id && !what.startsWith('DELETE')) return h('span', { class: 'clip', title: detail ?? id }, link(detail ?? brief(id, 80), `#/flows/${encodeURIComponent(id)}`));
  return [id && h('code', {}, brief(id, 80)), id && detail && ' ', detail && h('span', { class: 'clip', title: brief(detail, 400) }, what.includes('settings') ? detail.split(',').map((one) => t.maybe(`setting.${one}`) ?? one).join(', ') : detail)];
}

/** The page of activity. */
export async function activity(view, { about, query, signal }) {
  const offset = Number(query.get('offset') ?? 0);
  const [{ activities, pagination }, names] = await Promise.all([get('/ui/activity', { limit: 50, offset }, signal), members(about, signal)]);
  put(view, head(t('nav.activity'), [], t('activity.lead')),
    sheet(t('nav.activity'), activities.length ? [table([
      [t('activity.what'), (one) => t.maybe(`did.${one.what}`) ?? h('code', {}, one.what)],
      [t('activity.subject'), subject],
      [t('activity.who'), (one) => (one.user_id ? names.get(one.user_id) ?? h('code', {}, one.user_id) : t('activity.nobody'))],
      [t('activity.at'), (one) => when(one.at)],
    ], activities), pager(pagination, (to) => { window.location.hash = `#/activity?offset=${to}`; })] : empty(t('activity.empty'), t('activity.empty_text'))));
}
