// Everything that runs in the browser besides htmx. Pages work without it: it only makes them nicer.
'use strict';
(() => {
  const palette = ['#0017c1', '#197a4b', '#c74700', '#8b008b', '#006f83', '#666666'];

  // The error summary gets the focus, so that it is heard and the next Tab leads into it.
  const focusErrors = () => document.querySelector('[data-focus]')?.focus();

  // Date fields: ask the server what it understood; it is the only one that reads dates.
  const echoDate = async (input) => {
    const place = document.getElementById(`${input.id}-echo`);
    if (!place) return;
    const text = input.value.trim();
    if (!text) { place.textContent = ''; return; }
    const answer = await fetch(`${input.dataset.echo}?text=${encodeURIComponent(text)}`, { headers: { accept: 'text/plain' } });
    place.textContent = answer.ok ? await answer.text() : '';
  };
  document.addEventListener('change', (event) => {
    if (event.target.dataset?.echo) echoDate(event.target);
  });

  // A form that was sent is not sent twice by an impatient second click. A form that answers with a file stays on
  // its page and may be sent again: it says `data-again`.
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'post' || 'again' in form.dataset) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = 'yes';
  });
  window.addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  });

  // A shown 個人番号 is hidden again: after its time, when the page is left, and when it is put aside. Without script the
  // page goes back by itself.
  const shown = [...document.querySelectorAll('[data-mask]')];
  const hide = () => { for (const number of shown) number.textContent = number.dataset.mask; };
  if (shown.length) {
    setTimeout(hide, Number(shown[0].dataset.seconds) * 1000);
    window.addEventListener('pagehide', hide);
    document.addEventListener('visibilitychange', () => { if (document.hidden) hide(); });
  }

  const option = (chart) => {
    const flat = chart.kind === 'bar';
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const names = { type: 'category', data: chart.categories, inverse: flat, axisTick: { show: false }, axisLine: { lineStyle: { color: '#666666' } }, axisLabel: { color: '#333333', fontSize: 13, width: flat ? 220 : undefined, overflow: 'break', interval: flat ? 0 : 'auto' } };
    // Half a person is never shown.
    const values = { type: 'value', min: 0, minInterval: chart.unit === '人' ? 1 : undefined, max: chart.max ?? undefined, axisLabel: { color: '#333333', fontSize: 13, formatter: (value) => value.toLocaleString('ja-JP') + chart.unit }, splitLine: { lineStyle: { color: '#cccccc' } } };
    const many = chart.series.length > 1;
    return {
      animation: !still,
      color: palette,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      // Patterns tell series apart where colours do not.
      aria: { enabled: true, label: { enabled: false }, decal: { show: many } },
      legend: many ? { top: 0, left: 0, textStyle: { color: '#333333', fontSize: 13 } } : undefined,
      grid: { left: 8, right: 56, top: many ? 40 : 8, bottom: 8, containLabel: true },
      // Rich text is drawn on the canvas; HTML tooltips would need inline styles, which the page forbids.
      tooltip: { trigger: 'axis', renderMode: 'richText', axisPointer: { type: flat ? 'shadow' : 'line' }, valueFormatter: (value) => value == null ? '―' : value.toLocaleString('ja-JP') + chart.unit },
      xAxis: flat ? values : names,
      yAxis: flat ? names : values,
      series: chart.series.map((one) => ({
        name: one.name, data: one.values,
        type: chart.kind === 'line' ? 'line' : 'bar',
        stack: chart.kind === 'stack' ? 'all' : undefined,
        barMaxWidth: 22, symbolSize: 8, lineStyle: { width: 3 },
        label: { show: flat && !many, position: 'right', color: '#333333', fontSize: 13, formatter: ({ value }) => value == null ? '' : value.toLocaleString('ja-JP') + chart.unit },
      })),
    };
  };

  const load = (source) => new Promise((resolve, reject) => {
    if (window.echarts) { resolve(); return; }
    const script = document.createElement('script');
    script.src = source;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });

  const drawCharts = async (root) => {
    const places = [...root.querySelectorAll('[data-chart]')];
    if (!places.length) return;
    await load(places[0].dataset.echarts);
    await document.fonts.ready;
    for (const place of places) {
      if (window.echarts.getInstanceByDom(place)) continue;
      const chart = window.echarts.init(place, null, { renderer: 'canvas' });
      chart.setOption(option(JSON.parse(document.getElementById(place.dataset.chart).textContent)));
      new ResizeObserver(() => chart.resize()).observe(place);
      place.dataset.drawn = 'yes';
    }
  };

  focusErrors();
  drawCharts(document);
  document.addEventListener('htmx:after:swap', () => { focusErrors(); drawCharts(document); });

  // 離席時のロック (KK-39): the page is hidden and the sign-in ended; what was typed stays in the page. It is shown again
  // to the same person, with the token of the new session.
  const IDLE_MINUTES = 5;
  const lockable = () => document.body.dataset.staff && document.querySelector('.s-lock');
  const isLocked = () => document.body.classList.contains('s-page--locked');
  let title;
  let idle;
  const lock = () => {
    if (!lockable() || isLocked()) return;
    title = document.title;
    document.title = '画面をロックしました';
    document.body.classList.add('s-page--locked');
    const card = document.querySelector('.s-lock');
    card.hidden = false;
    card.querySelector('a').focus();
    const form = document.querySelector('form[data-away]');
    fetch(form.action, { method: 'POST', redirect: 'manual', body: new URLSearchParams(new FormData(form)) }).catch(() => {});
  };
  const unlock = async () => {
    if (!isLocked()) return;
    const answer = await fetch('/lock/state', { redirect: 'manual', headers: { accept: 'application/json' } }).catch(() => null);
    if (!answer?.ok) return;
    const { staff, csrf } = await answer.json();
    if (staff !== document.body.dataset.staff) {
      document.querySelector('.s-lock__other').hidden = false;
      return;
    }
    for (const input of document.querySelectorAll('input[name=csrf]')) input.value = csrf;
    document.title = title;
    document.querySelector('.s-lock').hidden = true;
    document.body.classList.remove('s-page--locked');
    used();
  };
  const used = () => {
    clearTimeout(idle);
    if (lockable()) idle = setTimeout(lock, IDLE_MINUTES * 60_000);
  };
  for (const kind of ['keydown', 'pointerdown', 'pointermove', 'scroll']) document.addEventListener(kind, used, { passive: true });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) unlock(); });
  window.addEventListener('focus', unlock);
  for (const button of document.querySelectorAll('[data-lock]')) {
    button.hidden = false;
    button.addEventListener('click', lock);
  }
  used();
})();
