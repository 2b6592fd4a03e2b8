// Activity: who changed what.

import { get } from './api.js';
import { h, put } from './dom.js';
import { t } from './i18n.js';
import { brief } from './json.js';
import { card, empty, head, pager, table } from './parts.js';
import { when } from './time.js';

/** The page of activity. */
export async function activity(view, { query, signal }) {
  const offset = Number(query.get('offset') ?? 0);
  const { activities, pagination } = await get('/ui/activity', { limit: 50, offset }, signal);
  put(view, head(t('nav.activity'), [], t('activity.lead')),
    card(t('nav.activity'), activities.length ? [table([
      [t('activity.what'), (one) => t.maybe(`did.${one.what}`) ?? h('code', {}, one.what)],
      [t('activity.subject'), (one) => (one.subject ? h('code', {}, brief(one.subject, 80)) : '')],
      [t('activity.detail'), (one) => (one.detail ? h('span', { class: 'clip', title: brief(one.detail, 400) }, brief(one.detail, 120)) : '')],
      [t('activity.who'), (one) => (one.user_id ? h('code', {}, one.user_id) : t('activity.nobody'))],
      [t('activity.at'), (one) => when(one.at)],
    ], activities), pager(pagination, (to) => { window.location.hash = `#/activity?offset=${to}`; })] : empty(t('activity.empty'), t('activity.empty_text'))));
}
