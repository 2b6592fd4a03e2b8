// The window around this one: messages to Clockify, and messages from it. Nobody else is listened to.

const rules = (document.querySelector('meta[name=embedding]')?.content ?? '').split(/\s+/).filter(Boolean);

/** Whether an origin is one of those that may embed the page; `*.` stands for one or more names in front. */
export function admits(origin, allowed = rules) {
  return allowed.some((rule) => {
    if (!rule.includes('://*.')) return origin === rule;
    const [scheme, domain] = rule.split('://*');
    if (!origin.startsWith(`${scheme}://`) || !origin.endsWith(domain)) return false;
    const name = origin.slice(scheme.length + 3, -domain.length);
    return /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(name);
  });
}

export const embedded = window.parent !== window;

// Known only where the browser tells; the content policy lets no one else embed the page, so `*` reaches the same window.
const around = window.location.ancestorOrigins?.[0];
const listeners = new Map();

window.addEventListener('message', (event) => {
  if (!embedded || event.source !== window.parent || !admits(event.origin)) return;
  let message = event.data;
  if (typeof message === 'string') {
    try { message = JSON.parse(message); } catch { return; }
  }
  if (!message || typeof message.title !== 'string') return;
  (listeners.get(message.title) ?? []).forEach((listener) => listener(message.body));
});

/** Listens to the platform's messages with this title. */
export function on(title, listener) {
  listeners.set(title, [...(listeners.get(title) ?? []), listener]);
}

/** Asks the platform for something. `false`: there is nobody to ask. */
export function ask(action, payload) {
  if (!embedded) return false;
  window.parent.postMessage(JSON.stringify(payload === undefined ? { action } : { action, payload }), around ?? '*');
  return true;
}
