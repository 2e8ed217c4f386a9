# The Pod Security Standards' level "restricted" as of Kubernetes v1.37.
package pod_security

default allow := false

allow if count(deny) == 0

containers := array.concat(
	array.concat(
		object.get(input.spec, "initContainers", []),
		object.get(input.spec, "containers", []),
	),
	object.get(input.spec, "ephemeralContainers", []),
)

contexts := array.concat(
	[context | context := input.spec.securityContext],
	[context | some container in containers; context := container.securityContext],
)

windows if input.spec.os.name == "windows"

own_user_namespace if input.spec.hostUsers == false

deny contains "appArmorProfile" if {
	some context in contexts
	profile := context.appArmorProfile
	not object.get(profile, "type", "") in {"RuntimeDefault", "Localhost"}
}

deny contains "appArmorProfile" if {
	some name, profile in input.metadata.annotations
	startswith(name, "container.apparmor.security.beta.kubernetes.io/")
	not allowed_annotation(profile)
}

allowed_annotation(profile) if profile in {"", "runtime/default"}

allowed_annotation(profile) if startswith(profile, "localhost/")

deny contains "hostNamespaces" if input.spec.hostNetwork == true

deny contains "hostNamespaces" if input.spec.hostPID == true

deny contains "hostNamespaces" if input.spec.hostIPC == true

deny contains "hostPorts" if {
	some container in containers
	some port in container.ports
	object.get(port, "hostPort", 0) != 0
}

deny contains "hostProbesAndHostLifecycle" if {
	some container in containers
	some name in ["livenessProbe", "readinessProbe", "startupProbe"]
	reaches_out(container[name])
}

deny contains "hostProbesAndHostLifecycle" if {
	some container in containers
	some name in ["postStart", "preStop"]
	reaches_out(container.lifecycle[name])
}

reaches_out(handler) if object.get(handler.httpGet, "host", "") != ""

reaches_out(handler) if object.get(handler.tcpSocket, "host", "") != ""

deny contains "privileged" if {
	some container in containers
	container.securityContext.privileged == true
}

deny contains "procMount_restricted" if {
	some container in containers
	container.securityContext.procMount != "Default"
}

deny contains "seLinuxOptions" if {
	some context in contexts
	options := context.seLinuxOptions
	not object.get(options, "type", "") in {
		"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t",
	}
}

deny contains "seLinuxOptions" if {
	some context in contexts
	some name in ["user", "role"]
	object.get(context.seLinuxOptions, name, "") != ""
}

deny contains "sysctls" if {
	some sysctl in input.spec.securityContext.sysctls
	not sysctl.name in {
		"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies",
		"net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
		"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat",
	}
}

deny contains "windowsHostProcess" if {
	some context in contexts
	context.windowsOptions.hostProcess == true
}

deny contains "allowPrivilegeEscalation" if {
	not windows
	some container in containers
	not container.securityContext.allowPrivilegeEscalation == false
}

deny contains "capabilities_restricted" if {
	not windows
	some container in containers
	not drops_all(container)
}

drops_all(container) if "ALL" in container.securityContext.capabilities.drop

deny contains "capabilities_restricted" if {
	not windows
	some container in containers
	some capability in container.securityContext.capabilities.add
	capability != "NET_BIND_SERVICE"
}

deny contains "restrictedVolumes" if {
	some volume in input.spec.volumes
	not allowed_volume(volume)
}

# Without a source it is an empty folder.
allowed_volume(volume) if object.keys(volume) == {"name"}

allowed_volume(volume) if {
	some type in [
		"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image",
		"persistentVolumeClaim", "projected", "secret",
	]
	volume[type]
}

deny contains "runAsNonRoot" if {
	not own_user_namespace
	some context in contexts
	context.runAsNonRoot == false
}

deny contains "runAsNonRoot" if {
	not own_user_namespace
	not input.spec.securityContext.runAsNonRoot
	some container in containers
	not container.securityContext.runAsNonRoot
}

deny contains "runAsUser" if {
	not own_user_namespace
	some context in contexts
	context.runAsUser == 0
}

deny contains "seccompProfile_restricted" if {
	not windows
	some context in contexts
	profile := context.seccompProfile
	not profile.type in {"RuntimeDefault", "Localhost"}
}

deny contains "seccompProfile_restricted" if {
	not windows
	not input.spec.securityContext.seccompProfile.type
	some container in containers
	not container.securityContext.seccompProfile.type
}
