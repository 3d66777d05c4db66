import { pageScript } from './page-script'
import { pageStyle } from './page-style'

export { pageScript, pageStyle }

export const pageHtml = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Mail catcher</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/app.css">
<script src="/app.js" defer></script>
</head>
<body>
<header>
  <h1>Mail catcher</h1>
  <p id="count" role="status"></p>
  <p id="live"><span class="dot" aria-hidden="true"></span><span id="live-words">Live</span></p>
  <div class="filter">
    <label for="filter" class="hidden">Filter the mails</label>
    <input id="filter" type="search" autocomplete="off" spellcheck="false" placeholder="Recipient, subject or words">
  </div>
  <button id="delete-all" type="button">Delete all</button>
</header>
<main>
  <nav id="list" aria-label="Mails, newest first">
    <ul id="mails"></ul>
    <p id="empty" hidden></p>
    <button id="more" type="button" hidden>Show older mails</button>
  </nav>
  <section id="mail" aria-labelledby="subject" hidden>
    <a id="back" href="#/">Back to the list</a>
    <h2 id="subject" tabindex="-1"></h2>
    <dl id="facts"></dl>
    <div role="tablist" aria-label="Views of the mail" id="tabs">
      <button type="button" role="tab" id="tab-html" aria-controls="panel-html">HTML</button>
      <button type="button" role="tab" id="tab-text" aria-controls="panel-text">Text</button>
      <button type="button" role="tab" id="tab-source" aria-controls="panel-source">Source</button>
    </div>
    <div role="tabpanel" id="panel-html" aria-labelledby="tab-html" hidden></div>
    <div role="tabpanel" id="panel-text" aria-labelledby="tab-text" tabindex="0" hidden><pre></pre></div>
    <div role="tabpanel" id="panel-source" aria-labelledby="tab-source" tabindex="0" hidden><pre></pre></div>
  </section>
  <p id="nothing-chosen">Choose a mail to read it here.</p>
</main>
<dialog id="confirm" aria-labelledby="confirm-title">
  <form method="dialog">
    <h2 id="confirm-title">Delete all mails?</h2>
    <p>They are removed from the disk and cannot be brought back.</p>
    <div class="actions">
      <button value="keep">Keep them</button>
      <button value="delete" class="danger">Delete all</button>
    </div>
  </form>
</dialog>
</body>
</html>
`
