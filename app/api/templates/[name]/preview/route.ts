import { previewTemplateQuery } from '@/core/template-requests'
import { previewTemplate } from '@/server/preview-template'
import { handle, otherMethods } from '../../../handle'
import { previewHeaders } from '../../../preview-headers'
import { templateParams } from '../../template-params'

export const GET = handle({
  action: 'template.preview',
  params: templateParams,
  query: previewTemplateQuery,
  run: ({ context, actor, params: { name }, query: { part, data } }) =>
    Promise.resolve({ document: previewTemplate(context, actor, { name, data, part }), headers: previewHeaders(part) }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
