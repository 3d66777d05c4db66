import page from './list-page.module.css'
import styles from './list-skeleton.module.css'

/** The shape of a list while its first rows are on their way. */
export function ListSkeleton({ title }: { title: string }) {
  return (
    <div className={page.page} aria-busy="true">
      <div className={page.top}>
        <h1>{title}</h1>
        <i className={styles.search} />
      </div>
      <div className={styles.rows} aria-hidden>
        {Array.from({ length: 12 }, (_, row) => (
          <div key={row}>
            <i style={{ width: `${12 + (row % 4) * 2}%` }} />
            <i style={{ width: `${18 - (row % 3) * 3}%` }} />
            <i style={{ width: '8%' }} />
          </div>
        ))}
      </div>
    </div>
  )
}
