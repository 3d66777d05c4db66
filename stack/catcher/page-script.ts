/**
 * Runs in the browser. Everything that came in a mail is set as text, never as markup; the HTML of a mail only ever gets into
 * the sandboxed frame.
 */
export const pageScript = `'use strict'
const POLL_MS = 1000
const PAGE = 50
const element = (id) => document.getElementById(id)
const views = ['html', 'text', 'source']
let shown = ''      // the list as last drawn, so that a poll without news touches nothing
let limit = PAGE
let openId = ''
let timer = 0
let asked = 0

function make(tag, className, text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

const person = (address) => address.Name ? address.Name + ' <' + address.Address + '>' : address.Address
const people = (addresses) => addresses.map(person).join(', ')

function clock(instant) {
  const date = new Date(instant)
  const today = date.toDateString() === new Date().toDateString()
  const time = date.toLocaleTimeString('en-GB')
  return today ? time : date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' }) + ', ' + time
}

function timeOf(instant) {
  const made = make('time', '', clock(instant))
  made.dateTime = instant
  made.title = new Date(instant).toString()
  return made
}

async function call(path, options) {
  const response = await fetch(path, options)
  if (response.ok) return response
  const { Error: sentence } = await response.json()
  throw new Error(sentence)
}

async function refresh() {
  clearTimeout(timer)
  const mine = ++asked
  const filter = element('filter').value.trim()
  const query = 'limit=' + limit + (filter ? '&query=' + encodeURIComponent(filter) : '')
  try {
    const response = await call('/api/v1/' + (filter ? 'search' : 'messages') + '?' + query)
    const text = await response.text()
    if (mine !== asked) return
    setLive(true)
    const now = filter + text
    if (now !== shown) {
      shown = now
      drawList(JSON.parse(text), filter)
    }
  } catch (error) {
    if (mine !== asked) return
    setLive(false)
  }
  if (!document.hidden) timer = setTimeout(refresh, POLL_MS)
}

function setLive(live) {
  element('live').classList.toggle('away', !live)
  const words = live ? 'Live' : 'The catcher does not answer'
  if (element('live-words').textContent !== words) element('live-words').textContent = words
}

function drawList(found, filter) {
  const count = found.messages_count === 1 ? '1 mail' : found.messages_count.toLocaleString('en-GB') + ' mails'
  element('count').textContent = filter ? count + ' of ' + found.total.toLocaleString('en-GB') : count
  document.title = 'Mail catcher: ' + count
  element('delete-all').disabled = found.total === 0
  element('empty').hidden = found.messages.length > 0
  element('empty').textContent = filter ? 'No mail matches this filter.' : 'No mail yet. Each mail that is sent appears here at once.'
  element('more').hidden = found.messages.length >= found.messages_count
  const focused = document.activeElement && document.activeElement.dataset.id
  element('mails').replaceChildren(...found.messages.map(row))
  markCurrent()
  if (focused) {
    const again = links().find((link) => link.dataset.id === focused)
    if (again) again.focus({ preventScroll: true })
  }
}

function row(mail) {
  const link = make('a', mail.Read ? '' : 'unread')
  link.href = '#/message/' + mail.ID
  link.dataset.id = mail.ID
  link.append(
    make('span', 'who', mail.To.map((to) => to.Address).join(', ') || mail.Envelope.To.join(', ')),
    timeOf(mail.Created),
    make('span', 'what', mail.Subject || '(no subject)'),
  )
  if (!mail.Read) link.append(make('span', 'hidden', 'Not opened yet'))
  const item = make('li')
  item.append(link)
  return item
}

const links = () => [...element('mails').querySelectorAll('a')]

function markCurrent() {
  for (const link of links()) {
    if (link.dataset.id === openId) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
}

async function follow() {
  const match = /^#\\/message\\/([\\w-]+)$/.exec(location.hash)
  const before = openId
  openId = match ? match[1] : ''
  document.body.classList.toggle('reading', openId !== '')
  markCurrent()
  if (!openId) {
    element('mail').hidden = true
    element('nothing-chosen').hidden = false
    element('nothing-chosen').textContent = 'Choose a mail to read it here.'
    const left = links().find((link) => link.dataset.id === before)
    if (left) left.focus()
    return
  }
  const id = openId
  try {
    const mail = await (await call('/api/v1/message/' + id)).json()
    const source = await (await call('/api/v1/message/' + id + '/raw')).text()
    if (id === openId) drawMail(mail, source)
  } catch (error) {
    if (id !== openId) return
    document.body.classList.remove('reading')
    element('mail').hidden = true
    element('nothing-chosen').hidden = false
    element('nothing-chosen').textContent = error.message
  }
  refresh()
}

function drawMail(mail, source) {
  element('mail').hidden = false
  element('nothing-chosen').hidden = true
  element('subject').textContent = mail.Subject || '(no subject)'
  const facts = [
    ['From', mail.From ? person(mail.From) : mail.Envelope.From],
    ['To', people(mail.To) || mail.Envelope.To.join(', ')],
    ['Cc', people(mail.Cc)],
    ['Bcc', people(mail.Bcc)],
    ['Received', timeOf(mail.Envelope.ReceivedAt)],
    ['Attached', mail.Attachments.map((file) => file.FileName || file.ContentType).join(', ')],
  ]
  element('facts').replaceChildren(...facts.filter(([, fact]) => fact).flatMap(([name, fact]) => {
    const value = make('dd')
    value.append(fact)
    return [make('dt', '', name), value]
  }))
  element('panel-html').replaceChildren(...(mail.HTML ? [frame(mail.HTML)] : []))
  element('panel-text').firstElementChild.textContent = mail.Text || 'This mail has no text part.'
  element('panel-source').firstElementChild.textContent = source
  element('tab-html').hidden = !mail.HTML
  choose(mail.HTML ? 'html' : 'text')
  element('subject').focus({ preventScroll: true })
  element('mail').scrollTop = 0
}

function frame(html) {
  const made = make('iframe')
  made.title = 'The mail as HTML'
  // No scripts and no origin of ours; a link opens a tab of its own, which is free of the sandbox.
  made.setAttribute('sandbox', 'allow-popups allow-popups-to-escape-sandbox')
  made.srcdoc = '<base target="_blank">' + html
  return made
}

function choose(view) {
  for (const name of views) {
    const tab = element('tab-' + name)
    tab.setAttribute('aria-selected', String(name === view))
    tab.tabIndex = name === view ? 0 : -1
    element('panel-' + name).hidden = name !== view
  }
}

for (const name of views) element('tab-' + name).addEventListener('click', () => choose(name))

element('tabs').addEventListener('keydown', (event) => {
  const open = views.filter((name) => !element('tab-' + name).hidden)
  const at = open.findIndex((name) => 'tab-' + name === event.target.id)
  const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: open.length - 1 }
  if (!(event.key in steps)) return
  event.preventDefault()
  const next = open[(steps[event.key] + open.length) % open.length]
  choose(next)
  element('tab-' + next).focus()
})

element('filter').addEventListener('input', () => {
  limit = PAGE
  refresh()
})

element('more').addEventListener('click', () => {
  limit += PAGE
  refresh()
})

element('delete-all').addEventListener('click', () => element('confirm').showModal())
element('confirm').addEventListener('close', async () => {
  if (element('confirm').returnValue !== 'delete') return
  element('confirm').returnValue = ''
  try {
    await call('/api/v1/messages', { method: 'DELETE' })
    location.hash = '#/'
  } catch (error) {
    element('count').textContent = error.message
  }
  refresh()
})

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) refresh()
})
addEventListener('hashchange', follow)
follow()
refresh()
`
