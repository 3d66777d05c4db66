import { testTemplateRequest } from '@/core/template-requests'
import { testTemplate } from '@/server/test-template'
import { otherMethods } from '../../../handle'
import { handleOnce } from '../../../handle-once'
import { templateParams } from '../../template-params'

export const POST = handleOnce({
  action: 'template.test',
  params: templateParams,
  body: testTemplateRequest,
  run: ({ context, params: { name }, body: { data }, ...asked }) => testTemplate(context, asked, { name, data }),
  answer: ({ id, to }) => ({ status: 202, body: { success: true, message: `A test is on its way to ${to}.`, id, to } }),
})

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
