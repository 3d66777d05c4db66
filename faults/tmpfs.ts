import { spawnSync } from 'node:child_process'
import { renameSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Rig } from './rig'

/** Why no small disk can be made here; null when it can. */
export function whyNoTmpfs(): string | null {
  if (process.platform !== 'linux') return 'only Linux has tmpfs'
  if (process.getuid?.() !== 0) return 'only root may mount'
  const place = join(tmpdir(), `usual-store-mount-${process.pid}`)
  mkdirSync(place)
  try {
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], {
      encoding: 'utf8',
    })
    if (status !== 0) return `mounting is forbidden: ${stderr.trim()}`
    spawnSync('umount', [place])
    return null
  } finally {
    rmSync(place, { recursive: true })
  }
}

/** From now on this folder is a disk of its own, as small as that. Nobody may be using it. */
export function onSmallDisk(rig: Rig, folder: string, megabytes: number): void {
  const was = `${folder}.was`
  renameSync(folder, was)
  mkdirSync(folder, { mode: 0o700 })
  run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', folder)
  rig.mounts.push(folder)
  run('cp', '-a', `${was}/.`, folder)
  rmSync(was, { recursive: true })
}

/** Takes every byte that is left. @returns what gives them back */
export function fill(folder: string): () => void {
  const file = join(folder, 'filler')
  for (let bytes = 1_048_576; bytes >= 4_096;) {
    try {
      writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      bytes /= 16
    }
  }
  return () => rmSync(file)
}

function run(program: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`)
}
