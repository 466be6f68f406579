using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Mesh.Core.Policies;
using Mesh.Core.Routing;
using Xunit;

namespace Mesh.Core.Tests.Policies;

public class VirtualServiceTests
{
    private static readonly ServiceId Greeter = new("shop", "greeter");
    private static readonly ServiceId NextGreeter = new("shop", "greeter-canary");

    [Fact]
    public void A_canary_is_a_rule_with_two_destinations()
    {
        var compiled = VirtualServices.Accepted(VirtualServices.Spec($$"""
            {"hosts": ["greeter.shop.mesh"], "gateways": ["mesh"], "http": [{"name": "canary", "route": {{VirtualServices.Canary}}}], "exportTo": null}
            """));

        Assert.Equal(
            new CompiledPolicy(
                "VirtualService", "shop", "greeter", Greeter,
                new(Routing: new() { RuleName = "canary", Destinations = [new(Greeter, 90), new(NextGreeter, 10)] })),
            compiled);
        Assert.Null(compiled.Part.Traffic);
    }

    [Fact]
    public void In_force_a_routing_names_its_document_and_version()
    {
        var part = VirtualServices.Accepted(VirtualServices.Route(VirtualServices.Canary)).AtVersion(7);
        Assert.Equal(("VirtualService/shop/greeter@7", null), (part.Routing!.Source, part.Traffic));
    }

    [Fact]
    public void A_parsed_document_means_the_same()
    {
        var json = VirtualServices.Route(VirtualServices.Canary);
        using var parsed = JsonDocument.Parse(json);
        Assert.Equal(VirtualServices.Accepted(json), VirtualServiceCompiler.Compile(parsed.RootElement).Value);
    }

    [Theory]
    [InlineData("other", "shop/other")]
    [InlineData("other.default.mesh", "default/other")]
    [InlineData("Other.billing.svc.cluster.local", "billing/other")]
    public void A_destination_is_named_as_a_host_is(string host, string service) =>
        Assert.Equal(service, VirtualServices.Routing($$"""[{"destination": {"host": "{{host}}"} }]""").Destinations[0].Service.ToString());

    [Fact]
    public void A_single_destination_gets_everything_and_needs_no_weight()
    {
        Assert.Equal([new(NextGreeter, 1)], VirtualServices.Routing("""[{"destination": {"host": "greeter-canary"}}]""").Destinations);
        Assert.Equal([new(NextGreeter, 7)], VirtualServices.Routing("""[{"destination": {"host": "greeter-canary"}, "weight": 7}]""").Destinations);
    }

    [Fact]
    public void Weights_have_any_sum_but_0()
    {
        var routing = VirtualServices.Routing("""
            [{"destination": {"host": "a"}, "weight": 1000000}, {"destination": {"host": "b"}, "weight": "1"}, {"destination": {"host": "c"}, "weight": 0}]
            """);
        Assert.Equal((1000001, 2), (routing.TotalWeight(), routing.Shares().Length));

        var nothing = Assert.Single(VirtualServices.Refused(VirtualServices.Route(
            """[{"destination": {"host": "a"}, "weight": 0}, {"destination": {"host": "b"}, "weight": 0}]""")));
        Assert.Equal(("spec.http[0].route", null), (nothing.Field, nothing.Value));
        Assert.Equal("spec.http[0].route", VirtualServices.Paths(VirtualServices.Route("""[{"destination": {"host": "a"}, "weight": 0}]""")));
    }

    [Fact]
    public void As_many_destinations_as_there_may_be_are_right_and_one_more_is_not()
    {
        static string Many(int count) =>
            $"[{string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"destination": {"host": "s{{i}}"}, "weight": {{RouteDestination.MostWeight}}}"""))}]";

        Assert.Equal(100_000_000, VirtualServices.Routing(Many(RouteDestination.Most)).TotalWeight());
        Assert.Equal("The list has 101 entries.", Assert.Single(VirtualServices.Refused(VirtualServices.Route(Many(RouteDestination.Most + 1)))).Detail);
    }

    [Theory]
    [InlineData("[]", "spec.http[0].route")]
    [InlineData("{}", "spec.http[0].route")]
    [InlineData("[1]", "spec.http[0].route[0] spec.http[0].route[0].destination")]
    [InlineData("""[{"weight": 1}]""", "spec.http[0].route[0].destination")]
    [InlineData("""[{"destination": {}}]""", "spec.http[0].route[0].destination.host")]
    [InlineData("""[{"destination": {"host": "*.shop"}}]""", "spec.http[0].route[0].destination.host")]
    [InlineData("""[{"destination": {"host": "a:80"}}]""", "spec.http[0].route[0].destination.host")]
    [InlineData("""[{"destination": {"host": "a", "port": {"number": 80}}}]""", "spec.http[0].route[0].destination.port")]
    [InlineData("""[{"destination": {"host": "a", "subset": "v1"}}]""", "spec.http[0].route[0].destination.subset")]
    [InlineData("""[{"destination": {"host": "a"}, "headers": {}}]""", "spec.http[0].route[0].headers")]
    [InlineData("""[{"destination": {"host": "a"}, "weight": -1}]""", "spec.http[0].route[0].weight")]
    [InlineData("""[{"destination": {"host": "a"}, "weight": 1000001}]""", "spec.http[0].route[0].weight")]
    [InlineData("""[{"destination": {"host": "a"}, "weight": 0.5}]""", "spec.http[0].route[0].weight")]
    [InlineData("""[{"destination": {"host": "a"}, "weight": 9}, {"destination": {"host": "b"}}]""", "spec.http[0].route[1].weight")]
    [InlineData("""[{"destination": {"host": "a"}}, {"destination": {"host": "b"}}]""", "spec.http[0].route[0].weight spec.http[0].route[1].weight")]
    [InlineData("""[{"destination": {"host": "a"}, "weight": 9}, {"destination": {"host": "a.shop.mesh"}, "weight": 1}]""", "spec.http[0].route[1].destination")]
    public void What_is_wrong_with_a_route_is_named(string route, string paths) => Assert.Equal(paths, VirtualServices.Paths(VirtualServices.Route(route)));

    [Theory]
    [InlineData("match", """[{"uri": {"prefix": "/v2"}}]""", "match[0]")]
    [InlineData("redirect", "{}", "redirect")]
    [InlineData("directResponse", "{}", "directResponse")]
    [InlineData("delegate", "{}", "delegate")]
    [InlineData("rewrite", "{}", "rewrite")]
    [InlineData("timeout", "\"5s\"", "timeout")]
    [InlineData("retries", """{"attempts": 3}""", "retries")]
    [InlineData("fault", "{}", "fault")]
    [InlineData("mirror", """{"host": "a"}""", "mirror")]
    [InlineData("mirrors", """[{}, {}]""", "mirrors[0] spec.http[0].mirrors[1]")]
    [InlineData("mirrorPercent", "1", "mirrorPercent")]
    [InlineData("mirror_percent", "1", "mirror_percent")]
    [InlineData("mirrorPercentage", "{}", "mirrorPercentage")]
    [InlineData("corsPolicy", "{}", "corsPolicy")]
    [InlineData("headers", "{}", "headers")]
    public void What_a_rule_may_have_in_istio_and_nobody_acts_on_is_refused(string field, string value, string path)
    {
        var problems = VirtualServices.Refused(VirtualServices.Rule($$"""{"{{field}}": {{value}}, "route": {{VirtualServices.Canary}}}"""));
        Assert.Equal($"spec.http[0].{path}", string.Join(' ', problems.Select(p => p.Field)));
        Assert.Equal("The field is known but not acted on yet; it would have no effect.", problems[0].Detail);
    }

    [Theory]
    [InlineData("{}", "spec.hosts spec.http")]
    [InlineData("""{"hosts": "greeter", "http": {}}""", "spec.hosts spec.http")]
    [InlineData("""{"hosts": [], "http": []}""", "spec.hosts spec.http")]
    [InlineData("""{"hosts": ["a", "b"], "http": [{}, {}]}""", "spec.hosts spec.http")]
    [InlineData("""{"hosts": ["*"], "http": [{}]}""", "spec.hosts[0] spec.http[0].route")]
    [InlineData("""{"hosts": [1], "http": [1]}""", "spec.hosts[0] spec.http[0] spec.http[0].route")]
    public void A_document_names_one_host_and_has_one_rule(string spec, string paths) => Assert.Equal(paths, VirtualServices.Paths(VirtualServices.Spec(spec)));

    [Fact]
    public void An_empty_list_and_a_long_one_have_different_remedies()
    {
        string Remedy(string hosts) =>
            Assert.Single(VirtualServices.Refused(VirtualServices.Spec($$"""{"hosts": {{hosts}}, "http": [{"route": {{VirtualServices.Canary}}}]}"""))).Remedy;

        Assert.Equal("Write one host.", Remedy("[]"));
        Assert.Equal("Write one document for each service.", Remedy("""["a", "b"]"""));
        Assert.Equal("Write a list of one host.", Remedy("\"a\""));
    }

    [Theory]
    [InlineData("tls", "[{}]", "spec.tls[0]")]
    [InlineData("tcp", "[{}]", "spec.tcp[0]")]
    [InlineData("exportTo", """["*"]""", "spec.exportTo[0]")]
    [InlineData("gateways", """["mesh", "edge"]""", "spec.gateways[1]")]
    [InlineData("gateways", "\"mesh\"", "spec.gateways")]
    [InlineData("gateways", "[1]", "spec.gateways[0]")]
    public void What_is_beside_hosts_and_rules_is_refused(string field, string value, string path) =>
        Assert.Equal(path, VirtualServices.Paths(VirtualServices.Spec(
            $$"""{"hosts": ["greeter"], "{{field}}": {{value}}, "http": [{"route": {{VirtualServices.Canary}}}]}""")));

    [Theory]
    [InlineData("hots", "Did you mean hosts?")]
    [InlineData("https", "Did you mean http?")]
    public void A_misspelt_field_is_told_its_name(string field, string remedy) =>
        Assert.Contains(VirtualServices.Refused(VirtualServices.Spec($$"""{"{{field}}": []}""")), p => p.Remedy == remedy);

    [Fact]
    public void A_rule_may_have_a_name_of_some_length()
    {
        string Named(string name) => VirtualServices.Rule($$"""{"name": {{name}}, "route": {{VirtualServices.Canary}}}""");

        Assert.Equal(new string('n', 253), VirtualServices.Accepted(Named($"\"{new string('n', 253)}\"")).Part.Routing!.RuleName);
        Assert.Equal("The name has 254 characters.", Assert.Single(VirtualServices.Refused(Named($"\"{new string('n', 254)}\""))).Detail);
        Assert.Equal("spec.http[0].name", VirtualServices.Paths(Named("1")));
    }

    [Fact]
    public void A_document_of_another_kind_is_told_where_it_belongs()
    {
        var rule = Assert.Single(VirtualServices.Refused(Documents.Rule()));
        Assert.Equal(("kind", "DestinationRule", "A VirtualService is expected here, and this is another kind."), (rule.Field, rule.Value, rule.Detail));
        Assert.Equal("spec", VirtualServices.Paths("""{"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "x"}}"""));
    }

    [Fact]
    public void Each_kind_has_its_compiler_and_no_other_has_one()
    {
        Assert.Equal(["DestinationRule", "VirtualService"], PolicyKinds.All);
        Assert.NotNull(PolicyKinds.Compile("DestinationRule", Documents.Rule())!.Value!.Part.Traffic);
        Assert.NotNull(PolicyKinds.Compile("VirtualService", VirtualServices.Route(VirtualServices.Canary))!.Value!.Part.Routing);
        Assert.Null(PolicyKinds.Compile("Gateway", "{}"));
    }

    [Fact]
    public void What_is_written_is_what_is_read()
    {
        var destinations = Gen.Choose(0, RouteDestination.MostWeight).NonEmptyListOf().Select(weights =>
            weights.Take(RouteDestination.Most).Select((weight, i) => new RouteDestination(new ServiceId("shop", $"s{i}"), weight)).ToList());

        Prop.ForAll(destinations.ToArbitrary(), written =>
        {
            var route = string.Join(',', written.Select(d => $$"""{"destination": {"host": "{{d.Service.Name}}"}, "weight": {{d.Weight}}}"""));
            var outcome = VirtualServiceCompiler.Compile(VirtualServices.Route($"[{route}]"));
            return outcome.Ok ? outcome.Value!.Part.Routing!.Destinations.SequenceEqual(written) : written.Sum(d => d.Weight) == 0;
        }).QuickCheckThrowOnFailure();
    }
}
