'use client'

import { ArrowDown, ArrowUp, ListFilter } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import styles from './data-table.module.css'

/** Where a cell stands in the two-line row of a phone, `more` in a third line; a cell without a place is left out there. */
type NarrowPlace = 'who' | 'what' | 'when' | 'chip' | 'side' | 'more'

export type Column<Row> = {
  key: string
  head: string
  cell: (row: Row) => ReactNode
  /** The name that the API sorts by. */
  sortBy?: string
  narrow?: NarrowPlace
  /** This cell is the row's link; `narrow`: only in the two-line row. */
  link?: true | 'narrow'
  /** The part of the width it may take; a cell without one is as wide as its words. */
  width?: string
  isHeadUnseen?: true
  /** A button in the cell, not on a phone, that shows the rows of the same value only. */
  filterBy?: { label: (row: Row) => string; onFilter: (row: Row) => void }
  /** Left out where there is little room: below 1100 px, or below 900. */
  needs?: 'muchRoom' | 'someRoom'
}

type Sort = { by: string; order: 'asc' | 'desc' }

type Props<Row> = {
  label: string
  columns: Column<Row>[]
  rows: Row[]
  rowKey: (row: Row) => string | number
  rowHref: (row: Row) => string
  sort?: { value: Sort; onChange: (sort: Sort) => void }
  /** In a box with lower rows, for a list inside a page. */
  isBoxed?: boolean
}

/** The one table: rows are links, the first of its tab stops; two lines a row on a phone, never a sideways scroll. */
export function DataTable<Row>(props: Props<Row>) {
  const { label, columns, rows, rowKey, rowHref, sort, isBoxed = false } = props
  return (
    <div className={isBoxed ? styles.box : undefined}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.key} column={column} sort={sort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <Cell key={column.key} column={column} row={row} href={rowHref(row)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cell<Row>({ column, row, href }: { column: Column<Row>; row: Row; href: string }) {
  const { narrow, link, needs, cell, filterBy } = column
  const content = cell(row)
  return (
    <td
      className={styles[narrow ?? needs ?? 'wideOnly']}
      data-link={link}
      data-filter={filterBy !== undefined}
      // The whole of it, where it is cut off.
      title={typeof content === 'string' ? content : undefined}
    >
      {link === undefined ? null : (
        <Link href={href} className={link === 'narrow' ? styles.narrowLink : styles.rowLink}>
          {content}
        </Link>
      )}
      {link === true ? null : <span className={link ? styles.wideText : undefined}>{content}</span>}
      {filterBy ? (
        <button
          type="button"
          className={styles.filterBy}
          aria-label={filterBy.label(row)}
          title={filterBy.label(row)}
          onClick={() => filterBy.onFilter(row)}
        >
          <ListFilter size={13} aria-hidden />
        </button>
      ) : null}
    </td>
  )
}

function Head<Row>({ column, sort }: { column: Column<Row>; sort: Props<Row>['sort'] }) {
  const { head, sortBy, width, isHeadUnseen, needs } = column
  const className = needs ? styles[needs] : undefined
  const style = width === undefined ? undefined : { width }
  if (sortBy === undefined || !sort) {
    return (
      <th scope="col" style={style} className={className}>
        {isHeadUnseen ? <span className="unseen">{head}</span> : head}
      </th>
    )
  }
  const current = sort.value.by === sortBy ? sort.value.order : null
  const Arrow = current === 'asc' ? ArrowUp : ArrowDown
  return (
    <th
      scope="col"
      style={style}
      className={className}
      aria-sort={current ? (current === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      <button
        type="button"
        className={styles.sort}
        onClick={() => sort.onChange({ by: sortBy, order: current === 'asc' ? 'desc' : 'asc' })}
      >
        {head}
        <Arrow size={13} className={current ? undefined : styles.unsorted} aria-hidden />
      </button>
    </th>
  )
}
