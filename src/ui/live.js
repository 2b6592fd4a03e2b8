// What happens now: the workspace's stream, read by fetch() because an EventSource carries no token. It resumes where it was cut off.

import { Refusal, send } from './api.js';

/** Waits between two tries, in milliseconds; the last one stays. */
const WAITS = [500, 2000, 5000, 15_000];
/** A stream that says nothing for this long is dead: the service sends a heartbeat every fifteen seconds. */
const SILENCE_MS = 45_000;

function* messages(text) {
  for (const block of text.split('\n\n')) {
    const message = { event: 'message', data: '', id: null };
    for (const line of block.split('\n')) {
      const [, name, value] = line.match(/^(\w+): ?(.*)$/) ?? [];
      if (name === 'data') message.data += value;
      else if (name) message[name] = value;
    }
    if (message.data || message.event !== 'message') yield message;
  }
}

async function once(types, state, heard, signal, alive) {
  const answer = await send('GET', '/ui/stream', { query: { types, after: state.last }, signal, accept: 'text/event-stream' });
  heard('open', null);
  state.tries = 0;
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    rest += decoder.decode(value, { stream: true });
    const end = rest.lastIndexOf('\n\n');
    if (end < 0) continue;
    for (const { event, data, id } of messages(rest.slice(0, end))) {
      if (id) state.last = id;
      let content = null;
      try { content = data ? JSON.parse(data) : null; } catch { continue; }
      heard(event, content);
    }
    rest = rest.slice(end + 2);
  }
}

/** Tells `heard(name, data)` what happens until the signal ends it; `open` and `closed` say how the line is. */
export async function listen(types, heard, signal, after = null) {
  const state = { last: after, tries: 0 };
  while (!signal.aborted) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    signal.addEventListener('abort', stop, { once: true });
    let watch = setTimeout(stop, SILENCE_MS);
    const alive = () => { clearTimeout(watch); watch = setTimeout(stop, SILENCE_MS); };
    try {
      await once(types, state, heard, attempt.signal, alive);
    } catch (error) {
      if (error instanceof Refusal && [401, 403, 404].includes(error.status)) { heard('refused', error); return; }
    } finally {
      clearTimeout(watch);
      signal.removeEventListener('abort', stop);
    }
    if (signal.aborted) return;
    heard('closed', null);
    const wait = WAITS[Math.min(state.tries, WAITS.length - 1)];
    state.tries += 1;
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
    });
  }
}
