import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Authority } from '../certificates'
import { isKafkaReady, kafkaEnding, keepClassArchive, newClusterId, prepareKafka } from '../kafka/broker'
import { freePort } from '../ports'
import { lastLines, type Processes } from '../processes'
import { until } from '../until'

const mechanism = 'SCRAM-SHA-512'

/**
 * A real broker as one is run in production: encrypted, every client signs in by SCRAM or by its certificate, and what no ACL
 * allows is forbidden. `admin` may do everything, the other accounts nothing yet.
 */
export async function startSecuredKafka(
  processes: Processes,
  options: { folder: string; authority: Authority; accounts: readonly string[] },
) {
  const { folder, authority } = options
  const [port, mtlsPort, controllerPort] = [await freePort(), await freePort(), await freePort()]
  const passwords = Object.fromEntries(['admin', ...options.accounts].map((name) => [name, newPassword()]))
  const broker = authority.issue('broker', { alternativeNames: 'DNS:localhost,IP:127.0.0.1' })
  // As Kafka wants it: the key, its certificate and who signed it, in one file.
  const keystore = join(folder, 'broker.keystore.pem')
  const parts = [broker.key, broker.certificate, authority.file].map((file) => readFileSync(file, 'utf8'))
  writeFileSync(keystore, parts.join(''), { mode: 0o600 })
  const advertised = `SASL_SSL://localhost:${port},SSL://localhost:${mtlsPort}`
  const command = await prepareKafka(processes, {
    folder: join(folder, 'kafka'),
    port,
    controllerPort,
    environment: process.env,
    member: {
      id: 1,
      nodes: [{ id: 1, controllerPort }],
      clusterId: newClusterId(),
      format: Object.entries(passwords).flatMap(([name, password]) => [
        '--add-scram',
        `${mechanism}=[name=${name},password=${password}]`,
      ]),
      settings: {
        listeners: `${advertised.replaceAll('localhost', '127.0.0.1')},CONTROLLER://127.0.0.1:${controllerPort}`,
        'advertised.listeners': advertised,
        'listener.security.protocol.map': 'CONTROLLER:SSL,SASL_SSL:SASL_SSL,SSL:SSL',
        'inter.broker.listener.name': 'SASL_SSL',
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': keystore,
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': authority.file,
        // Nobody is anonymous on these two.
        'listener.name.controller.ssl.client.auth': 'required',
        'listener.name.ssl.ssl.client.auth': 'required',
        'sasl.enabled.mechanisms': mechanism,
        'sasl.mechanism.inter.broker.protocol': mechanism,
        'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': `org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="${passwords['admin']}";`,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:admin;User:CN=broker',
        'allow.everyone.if.no.acl.found': false,
      },
    },
  })
  const child = await processes.start('kafka', command, { order: 1, ...kafkaEnding })
  void child.exited.then((exit) => keepClassArchive(command, exit))
  const exited = child.exited.then(() => 'exited' as const)
  if ((await Promise.race([until(() => isKafkaReady(child), 90_000), exited])) !== true)
    throw new Error(`The secured broker did not come up.${lastLines(child)}`)

  return {
    port,
    mtlsPort,
    /** The variables with which an account gets in. */
    signInOf: (name: string): Record<string, string> => ({
      KAFKA_BROKERS: `localhost:${port}`,
      KAFKA_SSL: 'true',
      KAFKA_SSL_CA: authority.file,
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: name,
      KAFKA_SASL_PASSWORD: passwords[name] ?? '',
    }),
  }
}

const newPassword = () => randomBytes(12).toString('hex')
