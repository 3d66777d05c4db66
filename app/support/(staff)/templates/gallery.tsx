'use client'

import Link from 'next/link'
import { PageHead } from '@/app/_ui/page-head'
import page from '@/app/_ui/reading-page.module.css'
import { roleLabel } from '@/core/roles'
import type { TemplateSample, TemplateView } from '@/core/views'
import styles from './gallery.module.css'
import { templatePreview, templateTitle } from './template-words'

/** Every kind of mail as it really looks, with sample data. */
export function Gallery({ templates }: { templates: TemplateView[] }) {
  return (
    <div className={page.page}>
      <PageHead
        title="Templates"
        below={`Every mail that the store sends, with sample data. All come from ${templates[0]?.from}.`}
      />
      <ul className={styles.gallery}>
        {templates.flatMap((template) =>
          template.samples.map((sample) => (
            <li key={`${template.name} ${sample.role}`} className={styles.card}>
              <Card template={template} sample={sample} />
            </li>
          )),
        )}
      </ul>
    </div>
  )
}

function Card({ template, sample }: { template: TemplateView; sample: TemplateSample }) {
  const { name, about } = template
  const { role, data, subject } = sample
  const title = templateTitle(name) + (role ? `, ${roleLabel(role)}` : '')
  return (
    <>
      <div className={styles.paper}>
        <iframe
          className={styles.mail}
          title={`${title}, in small`}
          sandbox=""
          referrerPolicy="no-referrer"
          loading="lazy"
          tabIndex={-1}
          src={templatePreview(name, 'html', data)}
        />
      </div>
      <div className={styles.words}>
        <h2>
          <Link href={`/support/templates/${name}${role ? `?role=${role}` : ''}`} className={styles.link}>
            {title}
          </Link>
        </h2>
        <p className={styles.about}>{about}</p>
        <p className={styles.subject}>
          Subject <span>{subject}</span>
        </p>
      </div>
    </>
  )
}
