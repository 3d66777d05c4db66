import type { PreviewPart } from '@/core/message'
import type { StaffActor } from '@/core/permissions'
import { composeMail } from '@/emails/compose'
import { templates } from '@/emails/registry'
import { renderEmail } from '@/emails/render'
import { sampleSecret } from '@/emails/template-test'
import type { Context } from './context'
import { shownTemplate } from './get-template'
import { fittingData } from './template-data'

/** In the place of the id that the mail would get. */
const noId = '00000000-0000-7000-8000-000000000000'

/**
 * One part of a kind of mail, made as the worker makes it; what opens nothing stands in for its secret.
 * @param asked.data without it: its sample
 * @throws AppError `not_found`, `invalid`
 */
export function previewTemplate(
  { config }: Pick<Context, 'config'>,
  actor: StaffActor,
  asked: { name: string; data: unknown; part: PreviewPart },
): string {
  const name = shownTemplate(asked.name)
  const { template, data } = fittingData(name, asked.data ?? templates[name].sample)
  const secret = sampleSecret(template, data)
  if (asked.part !== 'source') return renderEmail({ template: name, data, secret })[asked.part]
  const mail = { from: config.SMTP_USER, to: actor.email, replyTo: null, subject: template.subject(data) }
  return composeMail({ ...mail, messageId: noId, date: new Date(), template: name, data }, secret)
}
