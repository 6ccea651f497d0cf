/** What `make demo` reads beside the server's own environment. */
export interface DemoSettings {
  /** DEMO_EXIT=1: end after the results */
  exit: boolean;
  /** DEMO_TARGET: a host name to measure instead of this machine; sends packets to it */
  target?: string;
  /** for the server: as it is here, but on the loopback address unless HOST says otherwise */
  serverEnvironment: NodeJS.ProcessEnv;
  /** for the probe: no secret of the server's */
  probeEnvironment: NodeJS.ProcessEnv;
}

export function readDemoSettings(): DemoSettings {
  const { DEMO_EXIT, DEMO_TARGET, HOST, PATH, HOME } = process.env;
  return {
    exit: DEMO_EXIT === '1',
    ...(DEMO_TARGET !== undefined && DEMO_TARGET !== '' && { target: DEMO_TARGET }),
    serverEnvironment: { ...process.env, HOST: HOST ?? '127.0.0.1' },
    probeEnvironment: { PATH, HOME },
  };
}
