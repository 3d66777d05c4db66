import { isRole, roleLabel } from '@/core/roles'

const sentenceCase = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1).replaceAll('-', ' ')

/** `password-reset`: Password reset */
export const templateTitle = sentenceCase

/** One choice of a field, as people read it. */
export const choiceLabel = (value: string): string => (isRole(value) ? roleLabel(value) : sentenceCase(value))

/** Where a part of it is shown, made from this data. */
export const templatePreview = (name: string, part: string, data: object): string =>
  `/api/templates/${name}/preview?${new URLSearchParams({ part, data: JSON.stringify(data) })}`
