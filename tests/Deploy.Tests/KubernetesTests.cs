namespace Mesh.Deploy.Tests;

/// <summary>The plain manifests: they fit each other, and ask for the least.</summary>
public sealed class KubernetesTests
{
    private static readonly List<object?> Base = Documents("deploy/kubernetes/base");
    private static readonly List<object?> All = [.. Base, .. Documents("deploy/kubernetes/example")];

    private static List<object?> Workloads { get; } = [.. All.Where(static resource => Yaml.At(resource, "spec", "template", "spec") is not null)];

    [Fact]
    public void Pods_run_with_the_least_rights() => Assert.All(Workloads, static workload =>
    {
        var pod = Yaml.At(workload, "spec", "template", "spec");
        Assert.Equal("true", Yaml.Text(pod, "securityContext", "runAsNonRoot"));
        Assert.Equal("1654", Yaml.Text(pod, "securityContext", "runAsUser"));
        Assert.Equal("RuntimeDefault", Yaml.Text(pod, "securityContext", "seccompProfile", "type"));
        Assert.Equal("false", Yaml.Text(pod, "automountServiceAccountToken"));
        Assert.All(Containers(pod), static container =>
        {
            Assert.Equal("false", Yaml.Text(container, "securityContext", "allowPrivilegeEscalation"));
            Assert.Equal("true", Yaml.Text(container, "securityContext", "readOnlyRootFilesystem"));
            Assert.Equal(["ALL"], Yaml.List(container, "securityContext", "capabilities", "drop"));
            Assert.NotEqual("", Yaml.Text(container, "resources", "requests", "cpu"));
            Assert.NotEqual("", Yaml.Text(container, "resources", "limits", "memory"));
        });
    });

    /// <summary>For a Service mesh-grpc Kubernetes would set MESH_GRPC_PORT=tcp://…, which is also an option.</summary>
    [Fact]
    public void No_pod_gets_variables_of_Services() =>
        Assert.All(Workloads, static workload => Assert.Equal("false", Yaml.Text(workload, "spec", "template", "spec", "enableServiceLinks")));

    [Fact]
    public void Nobody_is_given_rights_in_Kubernetes()
    {
        Assert.DoesNotContain(All, static resource => Yaml.Text(resource, "kind").Contains("Role", StringComparison.Ordinal));
        Assert.All(All.Where(static resource => Yaml.Text(resource, "kind") == "ServiceAccount"), static account => Assert.Equal("false", Yaml.Text(account, "automountServiceAccountToken")));
    }

    [Fact]
    public void A_Service_selects_pods_that_have_its_port()
    {
        var services = Base.Where(static resource => Yaml.Text(resource, "kind") == "Service").ToList();
        Assert.Equal(3, services.Count);
        Assert.All(services, static service =>
        {
            var pods = Workloads.Where(workload => Selects(Yaml.At(service, "spec", "selector"), workload)).ToList();
            Assert.NotEmpty(pods);
            Assert.All(Yaml.List(service, "spec", "ports"), port => Assert.All(pods, pod => Assert.Contains(Yaml.Text(port, "targetPort"), PortNames(pod))));
        });
    }

    [Theory]
    [InlineData("PodDisruptionBudget", "selector")]
    [InlineData("NetworkPolicy", "podSelector")]
    public void What_selects_the_silos_finds_them(string kind, string selector) => Assert.Contains(Base, resource =>
        Yaml.Text(resource, "kind") == kind && Yaml.At(resource, "spec", selector, "matchLabels") is { } labels && Selects(labels, Silos));

    [Fact]
    public void A_network_policy_names_ports_that_silos_have() => Assert.All(
        Base.Where(static resource => Yaml.Text(resource, "kind") == "NetworkPolicy")
            .SelectMany(static policy => Yaml.List(policy, "spec", "ingress")).SelectMany(static rule => Yaml.List(rule, "ports")),
        static port => Assert.Contains(Yaml.Text(port, "port"), PortNames(Silos)));

    [Fact]
    public void Silos_say_who_they_are_and_have_time_to_leave()
    {
        var silo = Containers(Yaml.At(Silos, "spec", "template", "spec"))[0];
        var environment = Yaml.List(silo, "env").ToDictionary(static variable => Yaml.Text(variable, "name"), static variable => variable);
        Assert.Equal("status.podIP", Yaml.Text(environment["MESH_ADVERTISE"], "valueFrom", "fieldRef", "fieldPath"));
        Assert.All((string[])["MESH_POSTGRES", "MESH_REDIS"], name => Assert.NotEqual("", Yaml.Text(environment[name], "valueFrom", "secretKeyRef", "key")));
        var leaving = Seconds(environment["MESH_DRAIN_ANNOUNCE"]) + Seconds(environment["MESH_DRAIN_TIME"]) + 30;
        Assert.True(leaving < int.Parse(Yaml.Text(Silos, "spec", "template", "spec", "terminationGracePeriodSeconds"), System.Globalization.CultureInfo.InvariantCulture));

        static int Seconds(object variable) => int.Parse(Yaml.Text(variable, "value").TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>To restart every silo because a store is away would make an outage of it.</summary>
    [Fact]
    public void Only_readiness_asks_about_stores()
    {
        var silo = Containers(Yaml.At(Silos, "spec", "template", "spec"))[0];
        Assert.Equal("/healthz", Yaml.Text(silo, "livenessProbe", "httpGet", "path"));
        Assert.Equal("/healthz", Yaml.Text(silo, "startupProbe", "httpGet", "path"));
        Assert.Equal("/readyz", Yaml.Text(silo, "readinessProbe", "httpGet", "path"));
    }

    [Fact]
    public void Kustomize_builds_them()
    {
        Assert.SkipUnless(Tool.IsThere("kubectl"), "kubectl is not installed");
        Assert.Equal(Base.Count, Yaml.Documents(Tool.Runs("kubectl", "kustomize", "deploy/kubernetes/base")).Count);
        Assert.Equal(2, Yaml.Documents(Tool.Runs("kubectl", "kustomize", "deploy/kubernetes/monitoring")).Count);
    }

    private static object Silos => Base.Single(static resource => Yaml.Text(resource, "kind") == "StatefulSet")!;

    private static List<object?> Documents(string folder) =>
    [
        .. Repository.Files(folder, "*.yaml").Where(static path => !path.EndsWith("kustomization.yaml", StringComparison.Ordinal) && !path.EndsWith(".example.yaml", StringComparison.Ordinal))
            .SelectMany(static path => Yaml.Documents(Repository.Read(path))),
    ];

    private static List<object> Containers(object? pod) => [.. Yaml.List(pod, "containers"), .. Yaml.List(pod, "initContainers")];

    private static IEnumerable<string> PortNames(object? workload) =>
        Containers(Yaml.At(workload, "spec", "template", "spec")).SelectMany(static container => Yaml.List(container, "ports")).Select(static port => Yaml.Text(port, "name"));

    private static bool Selects(object? selector, object? workload) =>
        selector is IDictionary<object, object> { Count: > 0 } wanted
        && wanted.All(label => Yaml.Text(workload, "spec", "template", "metadata", "labels", (string)label.Key) == (string)label.Value);
}
