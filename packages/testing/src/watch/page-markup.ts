const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
  "%3Cpath d='M2 4h7M5 8h7M8 12h6' stroke='%233b6fc4' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E"

/** The page as it is before anything has come. Nothing of a span is in it. */
export const page: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>tracebaton watch</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="/style.css">
<script type="module" src="/page/main.js"></script>
</head>
<body data-view="empty">
<a class="skip" href="#list">Skip to the journeys</a>
<header>
<h1><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 4h7M5 8h7M8 12h6"/></svg>tracebaton <span>watch</span></h1>
<p id="connection" data-state="off"><span class="pulse" aria-hidden="true"></span><span id="connection-text">connecting</span></p>
<form role="search">
<label class="unseen" for="filter">Filter journeys</label>
<input id="filter" type="search" placeholder="Filter by name, service, message, id, value" autocomplete="off" spellcheck="false" aria-keyshortcuts="/">
<div class="toggles" role="group" aria-label="Show only">
<button type="button" id="failed" aria-pressed="false" aria-keyshortcuts="f">Failed<span class="count" id="failed-count">0</span></button>
<button type="button" id="broken" aria-pressed="false" aria-keyshortcuts="b">Broken<span class="count" id="broken-count">0</span></button>
<button type="button" id="pause" aria-pressed="false" aria-keyshortcuts="p">Pause</button>
</div>
</form>
</header>
<main>
<section id="journeys" aria-label="Journeys">
<ol id="list" tabindex="-1"></ol>
<p id="nothing" hidden>No journey matches.</p>
<p id="bounds"></p>
</section>
<section id="journey" aria-label="Journey" tabindex="-1"></section>
<section id="hint" aria-label="Help">
<h2>Choose a journey</h2>
<p>Its spans, attempts, links, and what the rules find stand here.</p>
<dl class="keys">
<div><dt><kbd>/</kbd></dt><dd>filter</dd></div>
<div><dt><kbd>↑</kbd> <kbd>↓</kbd></dt><dd>choose</dd></div>
<div><dt><kbd>f</kbd></dt><dd>failed only</dd></div>
<div><dt><kbd>b</kbd></dt><dd>broken only</dd></div>
<div><dt><kbd>p</kbd></dt><dd>pause</dd></div>
<div><dt><kbd>Esc</kbd></dt><dd>back</dd></div>
</dl>
</section>
<section id="welcome" aria-label="How to begin">
<svg class="baton" viewBox="0 0 240 72" aria-hidden="true"><path d="M20 14h96"/><path d="M70 36h96"/><path d="M132 58h88"/><path class="hop" d="M116 14c14 0 14 22 28 22"/><path class="hop" d="M166 36c14 0 14 22 28 22"/></svg>
<h2>Nothing has come so far</h2>
<p>Let your services send their spans here, and use your queues. Each message appears as soon as its first span ends.</p>
<pre><code id="endpoint"></code></pre>
<p class="quiet">Spans stay in the memory of this process. Nothing is written, and nothing leaves this machine.</p>
</section>
</main>
<p id="announcer" class="unseen" role="status"></p>
<noscript><p>This page needs JavaScript. The same is in the terminal that runs tracebaton watch.</p></noscript>
</body>
</html>
`
