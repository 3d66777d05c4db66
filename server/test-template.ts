import type { StaffActor } from '@/core/permissions'
import { writeAudit } from '@/db/audit'
import { templates } from '@/emails/registry'
import { auditOf, nameOf } from './actor'
import type { Context } from './context'
import { shownTemplate } from './get-template'
import { writeOnce, type AskedOnce } from './once'
import { publishQueued, queueMail } from './queue-mail'
import { fittingData } from './template-data'

export type TestedTemplate = { id: string; to: string }

/**
 * Sends a kind of mail with sample data to whoever asks, and to nobody else, as every mail is sent. What stands in for its
 * secret opens nothing: see `emails/template-test.tsx`.
 */
export async function testTemplate(
  context: Context,
  asked: AskedOnce<TestedTemplate> & { actor: StaffActor },
  request: { name: string; data: Record<string, unknown> },
): Promise<TestedTemplate> {
  const { actor } = asked
  const name = shownTemplate(request.name)
  const data = { template: name, data: fittingData(name, request.data).data }
  const { result, queued } = await writeOnce(context, asked, async (tx) => {
    const queued = await queueMail(context, tx, {
      type: 'notification',
      template: 'template-test',
      to: actor.email,
      subject: templates['template-test'].subject(data),
      data,
      replyTo: null,
      priority: 'normal',
      sensitive: false,
      secret: null,
      userId: actor.id,
      askedBy: actor,
      createdByName: nameOf(actor),
    })
    await writeAudit(tx, {
      ...auditOf(asked),
      action: 'template.tested',
      target: `message:${queued.id}`,
      detail: { template: name },
    })
    return { result: { id: queued.id, to: actor.email }, queued }
  })
  await publishQueued(context, queued)
  return result
}
