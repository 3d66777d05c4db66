// Runs `npm ci` at the end of a pipe, as the leader of a process group of its own. When the pipe closes, however its holder
// ended, npm and all that it has started end at once: npm itself goes on for up to a minute after a signal.
import { spawn } from 'node:child_process'

process.stdin.resume().once('close', () => process.kill(-process.pid, 'SIGKILL'))
const npm = spawn('npm', ['ci', '--loglevel=error'], { stdio: ['ignore', 'inherit', 'inherit'] })
npm.once('error', () => process.exit(127))
npm.once('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
