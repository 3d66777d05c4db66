import { expect, test } from 'vitest'
import { suggestAddress } from './suggest-address'

test.each([
  ['olena@gmial.com', 'olena@gmail.com'],
  ['olena@hotmial.com', 'olena@hotmail.com'],
  ['jonas.placeholder@example.con', 'jonas.placeholder@example.com'],
])('%s was probably meant to be %s', (typed, meant) => expect(suggestAddress(typed)).toBe(meant))

test.each([
  'olena@gmail.com',
  'olena@example.com',
  'a@usualstore.com',
  'a@ukr.net',
  'a@gmx.de',
  'a@web.de',
  '',
  'gmial.com',
  'a@gmial',
])('nothing is suggested for %s', (typed) => expect(suggestAddress(typed)).toBeNull())
