{{/* The release's name, without doubling the chart's. */}}
{{- define "mesh.name" -}}
{{- if contains "mesh" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-mesh" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* Labels of everything; call with (dict "root" $ "component" "silo"). */}}
{{- define "mesh.labels" -}}
{{ include "mesh.selector" . }}
app.kubernetes.io/part-of: mesh-orleans
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "mesh.selector" -}}
app.kubernetes.io/name: mesh-{{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "mesh.image" -}}
{{ .root.Values.image.repository }}/{{ .image }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "mesh.secret" -}}
{{ .Values.stores.existingSecret | default (printf "%s-stores" (include "mesh.name" .)) }}
{{- end }}

{{/* What faces proxies: the gateways where they run apart, else the silos. */}}
{{- define "mesh.front" -}}
{{ if .Values.gateway.enabled }}gateway{{ else }}silo{{ end }}
{{- end }}

{{- define "mesh.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
fsGroup: 1654
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "mesh.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* A pod of mesh-silo; call with (dict "root" $ "component" "silo" "role" "all" "set" .Values.silo). */}}
{{- define "mesh.pod" -}}
{{- $values := .root.Values -}}
{{- $tcp := $values.tls.restClients -}}
metadata:
  labels:
    {{- include "mesh.labels" . | nindent 4 }}
  {{- with .set.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "mesh.name" .root }}
  automountServiceAccountToken: false
  # Without this Kubernetes would set variables for its Services that mesh-silo takes for its own options.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $values.drain.gracePeriodSeconds }}
  {{- with $values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- include "mesh.podSecurity" . | nindent 4 }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: {{ $values.silo.spreadOverNodes }}
      labelSelector:
        matchLabels:
          {{- include "mesh.selector" . | nindent 10 }}
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "mesh.selector" . | nindent 10 }}
  {{- with .set.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .set.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "mesh.image" (dict "root" .root "image" "silo") }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      env:
        - {name: MESH_BIND, value: 0.0.0.0}
        - {name: MESH_LOG_JSON, value: "true"}
        - {name: MESH_ROLE, value: {{ .role }}}
        - {name: MESH_CLUSTER_ID, value: {{ $values.clusterId | quote }}}
        - {name: MESH_DRAIN_ANNOUNCE, value: {{ $values.drain.announce | quote }}}
        - {name: MESH_DRAIN_TIME, value: {{ $values.drain.time | quote }}}
        - name: MESH_NAME
          valueFrom: {fieldRef: {fieldPath: metadata.name}}
        - name: MESH_ADVERTISE
          valueFrom: {fieldRef: {fieldPath: status.podIP}}
        - name: MESH_POSTGRES
          valueFrom: {secretKeyRef: {name: {{ include "mesh.secret" .root }}, key: postgres}}
        {{- if ne .role "gateway" }}
        - name: MESH_REDIS
          valueFrom: {secretKeyRef: {name: {{ include "mesh.secret" .root }}, key: redis}}
        {{- end }}
        {{- with $values.otlpEndpoint }}
        - {name: MESH_OTLP_ENDPOINT, value: {{ . | quote }}}
        {{- end }}
        {{- if $values.tls.existingSecret }}
        - {name: MESH_TLS_CERT, value: /etc/mesh/tls/tls.crt}
        - {name: MESH_TLS_KEY, value: /etc/mesh/tls/tls.key}
        {{- if ne $values.tls.grpcClients "none" }}
        - {name: MESH_GRPC_CLIENT_CA, value: /etc/mesh/tls/ca.crt}
        - {name: MESH_GRPC_CLIENT_CERT, value: {{ $values.tls.grpcClients }}}
        {{- end }}
        {{- if $values.tls.restClients }}
        - {name: MESH_REST_CLIENT_CA, value: /etc/mesh/tls/ca.crt}
        {{- end }}
        {{- end }}
        {{- range $name, $value := .set.env }}
        - {name: {{ $name }}, value: {{ $value | toString | quote }}}
        {{- end }}
      ports:
        - {name: grpc, containerPort: 15010}
        - {name: rest, containerPort: 15080}
        {{- if ne .role "gateway" }}
        - {name: silo, containerPort: 11111}
        - {name: orleans-gateway, containerPort: 30000}
        {{- end }}
      # Starting: it has joined, for which PostgreSQL may take ten minutes. Alive: the process answers, whatever the stores do. Ready: it can do its work.
      startupProbe:
        {{- include "mesh.probe" (dict "values" $values "tcp" $tcp "path" "/healthz") | nindent 8 }}
        periodSeconds: 2
        timeoutSeconds: 3
        failureThreshold: 300
      livenessProbe:
        {{- include "mesh.probe" (dict "values" $values "tcp" $tcp "path" "/healthz") | nindent 8 }}
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 6
      readinessProbe:
        {{- include "mesh.probe" (dict "values" $values "tcp" $tcp "path" "/readyz") | nindent 8 }}
        periodSeconds: 2
        timeoutSeconds: 3
        failureThreshold: 2
      securityContext:
        {{- include "mesh.containerSecurity" . | nindent 8 }}
      resources:
        {{- toYaml .set.resources | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        {{- if $values.tls.existingSecret }}
        - {name: tls, mountPath: /etc/mesh/tls, readOnly: true}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
    {{- if $values.tls.existingSecret }}
    - name: tls
      secret: {secretName: {{ $values.tls.existingSecret }}, defaultMode: 0440}
    {{- end }}
{{- end }}

{{/* Probes show no certificate: where one is asked for, an open port has to do. */}}
{{- define "mesh.probe" -}}
{{- if .tcp -}}
tcpSocket: {port: rest}
{{- else -}}
httpGet: {path: {{ .path }}, port: rest, scheme: {{ if .values.tls.existingSecret }}HTTPS{{ else }}HTTP{{ end }}}
{{- end -}}
{{- end }}
