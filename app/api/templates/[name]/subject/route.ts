import { templateQuery } from '@/core/template-requests'
import { getTemplateSubject } from '@/server/get-template'
import { handle, otherMethods } from '../../../handle'
import { templateParams } from '../../template-params'

export const GET = handle({
  action: 'template.preview',
  params: templateParams,
  query: templateQuery,
  run: ({ params: { name }, query: { data } }) =>
    Promise.resolve({ body: { subject: getTemplateSubject(name, data) } }),
})

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET')
