using System.Text.Json;
using Xunit;

namespace Mesh.Core.Tests;

public class NamesTests
{
    private static readonly string Long63 = new('a', 63);

    public static TheoryData<string?, bool, bool> DnsNames => new()
    {
        { "a", true, true },
        { "a-1", true, true },
        { "1a", true, true },
        { Long63, true, true },
        { Long63 + "a", false, false },
        { "a.b", false, true },
        { "a..b", false, false },
        { ".a", false, false },
        { "a.", false, false },
        { "-a", false, false },
        { "a-", false, false },
        { "a.-b", false, false },
        { "a.b-", false, false },
        { "A", false, false },
        { "a_b", false, false },
        { "ä", false, false },
        { "", false, false },
        { null, false, false },
        { string.Join('.', Long63, Long63, Long63, new string('a', 61)), false, true },
        { string.Join('.', Long63, Long63, Long63, new string('a', 62)), false, false },
        { $"{Long63}a.b", false, false },
    };

    [Theory]
    [MemberData(nameof(DnsNames))]
    public void Dns_names_follow_rfc_1123(string? text, bool label, bool subdomain)
    {
        Assert.Equal(label, Names.IsLabel(text));
        Assert.Equal(subdomain, Names.IsSubdomain(text));
    }

    [Theory]
    [InlineData("10.0.0.1:8080", true)]
    [InlineData("a_B-c.9", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("a/b", false)]
    [InlineData("a b", false)]
    [InlineData("é", false)]
    public void Endpoint_ids_may_be_host_and_port(string? text, bool allowed) => Assert.Equal(allowed, Names.IsEndpointId(text));

    [Fact]
    public void Endpoint_ids_end_at_128_characters()
    {
        Assert.True(Names.IsEndpointId(new string('a', 128)));
        Assert.False(Names.IsEndpointId(new string('a', 129)));
    }

    [Theory]
    [InlineData("greeter", "default/greeter")]
    [InlineData("Greeter.Example", "default/greeter.example")]
    [InlineData("greeter.shop.mesh", "shop/greeter")]
    [InlineData("a.b.shop.mesh", "shop/a.b")]
    [InlineData("greeter.shop.svc.cluster.local", "shop/greeter")]
    [InlineData("mesh", "default/mesh")]
    [InlineData("shop.mesh", null)]
    [InlineData(".mesh", null)]
    [InlineData("a b", null)]
    [InlineData("", null)]
    [InlineData("a.b_c.mesh", null)]
    public void Host_names_lead_to_services(string host, string? service) => Assert.Equal(service, HostNames.Resolve(host)?.ToString());

    [Fact]
    public void All_names_of_a_service_lead_back_to_it()
    {
        ServiceId mine = new("default", "greeter"), other = new("shop", "a.b");
        Assert.Equal(["greeter", "greeter.default.mesh", "greeter.default.svc.cluster.local"], HostNames.All(mine));
        Assert.Equal(["a.b.shop.mesh", "a.b.shop.svc.cluster.local"], HostNames.All(other));
        Assert.All(HostNames.All(mine), host => Assert.Equal(mine, HostNames.Resolve(host)));
        Assert.All(HostNames.All(other), host => Assert.Equal(other, HostNames.Resolve(host)));
    }

    [Theory]
    [InlineData("default/greeter", true)]
    [InlineData("default/greeter.example", true)]
    [InlineData("greeter", false)]
    [InlineData("/greeter", false)]
    [InlineData("default/", false)]
    [InlineData("Default/greeter", false)]
    [InlineData("a/b/c", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Service_ids_are_a_namespace_and_a_name(string? text, bool allowed)
    {
        Assert.Equal(allowed, ServiceId.TryParse(text, out var id));
        Assert.True(!allowed || id.ToString() == text);
    }

    [Fact]
    public void A_wrong_service_id_is_named_in_the_error()
    {
        Assert.Equal(new ServiceId("a", "b"), ServiceId.Parse("a/b"));
        var thrown = Assert.Throws<FormatException>(() => ServiceId.Parse("x"));
        Assert.Equal("'x' is not a service id; write namespace/name.", thrown.Message);
    }

    [Fact]
    public void Service_ids_are_ordered_by_namespace_then_name()
    {
        ServiceId a = new("a", "z"), same = new("a", "z"), b = new("b", "a"), c = new("b", "b");
        Assert.True(a < b && b < c && c > a && a <= same && a >= same && c >= b && a <= b);
        Assert.False(b < a || a > b || b <= a || a >= b || a < same || a > same);
    }

    [Fact]
    public void Service_ids_are_texts_in_json()
    {
        Assert.Equal("\"a/b\"", JsonSerializer.Serialize(new ServiceId("a", "b")));
        Assert.Equal(new ServiceId("a", "b"), JsonSerializer.Deserialize<ServiceId>("\"a/b\""));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ServiceId>("\"x\""));
    }

    [Fact]
    public void An_outcome_is_a_value_or_reasons_and_says_so_after_a_journey_as_json()
    {
        Outcome<string> good = Outcome.Of("x"), bad = Outcome.Refused<string>(ProblemKind.Conflict, "f", "v", "d", "r");
        Assert.True(good.Ok);
        Assert.False(bad.Ok);
        Assert.Equal(new Problem(ProblemKind.Conflict, "f", "v", "d", "r"), Assert.Single(bad.Problems));
        Assert.True(JsonSerializer.Deserialize<Outcome<string>>(JsonSerializer.Serialize(good))!.Ok);
        Assert.Equal(bad.Problems, JsonSerializer.Deserialize<Outcome<string>>(JsonSerializer.Serialize(bad))!.Problems);
    }
}
