import { execWord, unitText } from './quoting.js';

/** What differs between the units of the two engines. */
export interface MemberUnit {
  readonly description: string;
  readonly documentation: string;
  /** The program and its arguments; a bare name is looked up in systemd's own search path. */
  readonly command: readonly [program: string, ...args: string[]];
  /** etcd tells systemd when it is ready; Node has no Unix datagrams to do that with. */
  readonly notifies: boolean;
  /** With which the member says that it is not to be started again, as by itself it will never come up. */
  readonly finalExitCode?: number;
  readonly environmentFile: string;
  /** Files that the member reads, by the names that it finds them under in its credentials folder. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Below /var/lib; the data. */
  readonly stateFolder: string;
}

// As strict as a JIT allows: MemoryDenyWriteExecute=yes would kill V8.
const sandbox = `NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
UMask=0077`;

/**
 * The systemd unit of a member, the same on every host: what differs is in the environment file.
 * The member runs as a user of its own without rights; systemd hands it the keys, which only root can read on the host.
 */
export function memberUnit(unit: MemberUnit): string {
  const final = unit.finalExitCode === undefined ? '' : `RestartPreventExitStatus=${unit.finalExitCode}\n`;
  const credentials = Object.entries(unit.credentials).map(
    ([name, path]) => `LoadCredential=${unitText(name)}:${unitText(path)}`,
  );
  return `[Unit]
Description=${unitText(unit.description)}
Documentation=${unitText(unit.documentation)}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=${unit.notifies ? 'notify' : 'exec'}
EnvironmentFile=${unitText(unit.environmentFile)}
ExecStart=${unit.command.map(execWord).join(' ')}
Restart=on-failure
${final}RestartSec=2
TimeoutStartSec=infinity
LimitNOFILE=65536
OOMScoreAdjust=-900

DynamicUser=yes
StateDirectory=${unitText(unit.stateFolder)}
StateDirectoryMode=0700
WorkingDirectory=/var/lib/${unitText(unit.stateFolder)}
${credentials.join('\n')}

${sandbox}

[Install]
WantedBy=multi-user.target
`;
}
