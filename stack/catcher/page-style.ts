/** The tokens of the dashboard's design: paper, ink, and colour only where it says something. */
export const pageStyle = `
@font-face { font-family: "Inter Variable"; src: url(/inter.woff2) format("woff2"); font-weight: 100 900; font-display: swap }
:root {
  color-scheme: light dark;
  --canvas: #F6F5F2; --paper: #FFFFFF; --raised: #FFFFFF; --hover: #F4F3F0; --active: #ECEAE5;
  --line: #E7E5E0; --line-strong: #D3D0C9; --control: #8C8880;
  --ink: #1A1917; --ink2: #56534D; --ink3: #6B6760;
  --now: #2F52D0; --now-soft: #EDF1FD; --now-mark: #4A6BE6; --wait: #8A5300; --wait-mark: #C27A08;
  --danger: #B3261E; --danger-hover: #941C16; --on-danger: #FFFFFF; --scrim: rgba(26, 25, 23, .38);
}
@media (prefers-color-scheme: dark) {
  :root {
    --canvas: #0E0E0F; --paper: #151516; --raised: #1C1C1E; --hover: #1F1F21; --active: #28282B;
    --line: #29292C; --line-strong: #3A3A3E; --control: #74737A;
    --ink: #EDECE9; --ink2: #AFADA8; --ink3: #93918C;
    --now: #9DB2FF; --now-soft: #1A2240; --now-mark: #6F8CF5; --wait: #E9B55B; --wait-mark: #D39A35;
    --danger: #F2877E; --danger-hover: #F7A59E; --on-danger: #2A0B09; --scrim: rgba(0, 0, 0, .6);
  }
}
*, ::before, ::after { box-sizing: border-box }
[hidden] { display: none !important }
html, body { height: 100% }
body {
  margin: 0; display: flex; flex-direction: column; background: var(--paper); color: var(--ink);
  font: 400 .875rem/1.43 "Inter Variable", system-ui, sans-serif; letter-spacing: -.006em;
}
h1, h2, p, ul, dl, dd { margin: 0; padding: 0 }
h1 { font-size: 1.25rem; line-height: 1.4; font-weight: 600; letter-spacing: -.017em }
h2 { font-size: 1rem; line-height: 1.5; font-weight: 600; letter-spacing: -.012em }
a { color: var(--ink) }
:focus-visible { outline: 2px solid var(--now); outline-offset: 2px }
button {
  height: 34px; padding: 0 12px; border: 1px solid var(--line-strong); border-radius: 8px; background: var(--raised);
  color: var(--ink); font: inherit; font-weight: 500; cursor: pointer; transition: background .12s ease-out;
}
button:hover { background: var(--hover) }
button:disabled { color: var(--ink3); cursor: default; background: none }
.danger { background: var(--danger); border-color: var(--danger); color: var(--on-danger) }
.danger:hover { background: var(--danger-hover) }
input {
  width: 100%; height: 36px; padding: 7px 11px; border: 1px solid var(--control); border-radius: 8px;
  background: var(--raised); color: var(--ink); font: inherit;
}
input::placeholder { color: var(--ink3); opacity: 1 }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }

header {
  display: flex; align-items: center; gap: 12px; padding: 12px 24px; background: var(--canvas);
  border-bottom: 1px solid var(--line); flex: none;
}
#count, #live { color: var(--ink2); font-size: .8125rem; white-space: nowrap }
#live { display: flex; align-items: center; gap: 8px; margin-left: auto }
.dot { width: 7px; height: 7px; border-radius: 50%; background: var(--now-mark) }
.away { color: var(--wait) !important }
.away .dot { background: var(--wait-mark); border-radius: 0 }
.filter { width: 280px }

main { flex: 1; min-height: 0; display: grid; grid-template-columns: 380px 1fr }
#list { overflow-y: auto; border-right: 1px solid var(--line) }
#mails { list-style: none }
#mails a {
  display: grid; grid-template-columns: 1fr auto; gap: 2px 12px; padding: 10px 24px; border-bottom: 1px solid var(--line);
  text-decoration: none;
}
#mails a:hover { background: var(--hover) }
#mails a[aria-current] { background: var(--active) }
#mails a:focus-visible { outline-offset: -2px }
#mails span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.who { font-weight: 500 }
time { font-variant-numeric: tabular-nums; color: var(--ink2); font-size: .75rem; line-height: 1.25rem; white-space: nowrap }
.what { grid-column: 1 / -1; color: var(--ink2); font-size: .8125rem }
.unread .who::before {
  content: ""; display: inline-block; width: 7px; height: 7px; margin-right: 8px; border-radius: 50%; background: var(--now-mark);
  vertical-align: 1px;
}
#empty, #nothing-chosen { padding: 28px 24px; color: var(--ink2) }
#more { margin: 12px 24px }

#mail { min-width: 0; display: flex; flex-direction: column; padding: 20px 40px 24px; overflow-y: auto }
#back { display: none }
#subject { font-size: 1.375rem; line-height: 1.36; font-weight: 500; letter-spacing: -.021em; overflow-wrap: anywhere; outline: none }
#facts { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 12px 0 16px; font-size: .8125rem }
#facts time { color: inherit; font-size: inherit; line-height: inherit }
dt { color: var(--ink3) }
dd { overflow-wrap: anywhere }
[role=tablist] { display: flex; gap: 4px; border-bottom: 1px solid var(--line); flex: none }
[role=tab] { border: 0; border-radius: 8px 8px 0 0; background: none; color: var(--ink2); border-bottom: 2px solid transparent }
[role=tab][aria-selected=true] { color: var(--ink); border-bottom-color: var(--ink) }
[role=tab]:focus-visible { outline-offset: -2px }
[role=tabpanel] { flex: 1; min-height: 320px; padding-top: 16px; display: flex }
iframe { flex: 1; width: 100%; border: 1px solid var(--line); border-radius: 10px; background: #FFFFFF; color-scheme: light }
pre { flex: 1; min-width: 0; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit }
#panel-source pre { font: .75rem/1.5 ui-monospace, monospace }

dialog {
  width: min(440px, calc(100% - 32px)); border: 1px solid var(--line-strong); border-radius: 14px; padding: 20px 24px;
  background: var(--raised); color: var(--ink);
}
dialog::backdrop { background: var(--scrim) }
dialog p { margin-top: 8px; color: var(--ink2) }
.actions { display: flex; justify-content: flex-end; gap: 8px; margin-top: 20px }

@media (max-width: 700px), (pointer: coarse) {
  button, input, #back { height: 44px }
  button { border-radius: 10px }
  input { font-size: 1rem }
}
@media (max-width: 700px) {
  header { flex-wrap: wrap; padding: 12px 16px }
  .filter { flex: 1 1 200px; width: auto }
  .filter, #delete-all { order: 1 }
  main { display: block; overflow-y: auto }
  #list { border-right: 0; overflow: visible }
  #mails a { padding: 10px 16px; min-height: 58px }
  #empty { padding: 28px 16px }
  #more { margin: 12px 16px; width: calc(100% - 32px) }
  #mail { padding: 8px 16px 16px; min-height: 100%; overflow: visible }
  #nothing-chosen { display: none }
  #back { display: flex; align-items: center; font-weight: 500 }
  .reading #list, .reading .filter, .reading #delete-all { display: none }
  .reading [role=tabpanel] { min-height: 60vh }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important } }
`
