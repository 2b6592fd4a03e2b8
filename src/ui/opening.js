// The opening: what the first page waits for, begun while the modules that show it are still on their way.

import { get } from './api.js';
import { speak } from './i18n.js';
import { begin, viewer } from './session.js';

/** Events that the first page shows. */
export const LATEST = 8;

/** Whether there is a token. */
export const opened = begin();
/** Fulfilled when the texts are there. */
export const spoken = speak(viewer.language);

const asked = new Map();

function ask(path, query) {
  const answer = get(path, query);
  // Whoever takes it is told of a refusal; until then it has only not been heard yet.
  answer.catch(() => {});
  asked.set(path, answer);
}

if (opened) {
  ask('/ui/about');
  if (/^(#\/?(dashboard)?)?$/.test(window.location.hash)) {
    ask('/ui/dashboard');
    ask('/ui/webhooks', { limit: LATEST });
  }
}

/** What was asked for at the opening, once; after that it is asked for anew. */
export function first(path, query, signal) {
  const answer = asked.get(path);
  asked.delete(path);
  return answer ?? get(path, query, signal);
}
