using Mesh.Proxy.Discovery;
using Mesh.Proxy.Options;
using Xunit;

namespace Mesh.Proxy.Tests.Options;

public class OptionParserTests
{
    [Fact]
    public void Nothing_said_means_the_defaults() => Assert.Equal(new ProxyOptions(), Parse([]).Options);

    [Fact]
    public void Flags_are_read_in_both_forms()
    {
        var options = Parse(["--listen", "0.0.0.0:8080", "--control-plane=http://mesh:15010", "--service", "a,b", "--service=c.shop.mesh", "--ejection-lapse", "1.5m", "--verbose"]).Options!;

        Assert.Equal("0.0.0.0:8080", options.Listen.ToString());
        Assert.Equal([new Uri("http://mesh:15010")], options.ControlPlane);
        Assert.Equal(["a", "b", "c.shop.mesh"], options.Services);
        Assert.Equal(TimeSpan.FromSeconds(90), options.EjectionLapse);
        Assert.True(options.Verbose);
    }

    [Fact]
    public void Gateways_are_a_list_that_adds_up()
    {
        var options = Parse(["--control-plane", "http://a:1,http://b:2", "--control-plane=http://c:3"]).Options!;

        Assert.Equal(["a:1", "b:2", "c:3"], options.Gateways.Select(g => g.Authority));
        Assert.Equal(["127.0.0.1:15010"], Parse([]).Options!.Gateways.Select(g => g.Authority));
        Assert.Contains("is not a URL", Parse(["--control-plane", "http://a:1,b"]).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mesh", Detection.Mesh)]
    [InlineData("local", Detection.Local)]
    [InlineData("both", Detection.Both)]
    public void Who_ejects_is_one_of_three(string value, Detection detection) => Assert.Equal(detection, Parse(["--detection", value]).Options!.Detection);

    [Fact]
    public void Where_it_runs_is_one_flag_or_several_and_labels_add_up()
    {
        var options = Parse(["--locality", "eu/a/7", "--zone", "b", "--label", "version=v1,track=", "--label=x=y=z"]).Options!;

        Assert.Equal(("eu", "b", "7"), (options.Region, options.Zone, options.SubZone));
        Assert.Equal([("track", ""), ("version", "v1"), ("x", "y=z")], options.Labels.Select(l => (l.Key, l.Value)));
        Assert.Equal(("eu", "", ""), Parse(["--locality=eu"]).Options is { } o ? (o.Region, o.Zone, o.SubZone) : default);
    }

    [Fact]
    public void A_variable_stands_in_for_a_flag_and_yields_to_it()
    {
        string? Variable(string name) => name switch { "MESH_NODE" => "from-variable", "MESH_ZONE" => "z", _ => null };

        var options = OptionParser.Parse(["--node", "from-flag"], Variable).Options!;

        Assert.Equal(("from-flag", "z"), (options.Node, options.Zone));
    }

    [Theory]
    [InlineData("--listen", "here", "--listen: 'here' is not an address and a port")]
    [InlineData("--control-plane", "mesh:15010", "--control-plane: 'mesh:15010' is not a URL")]
    [InlineData("--service", "no_good", "--service: 'no_good' is not a host name")]
    [InlineData("--drain", "10", "--drain: '10' is not a time")]
    [InlineData("--drain", "-1s", "--drain: '-1s' is not a time")]
    [InlineData("--drain", "1e9s", "--drain: '1e9s' is not a time")]
    [InlineData("--detection", "nobody", "--detection: 'nobody' is not mesh, local or both")]
    [InlineData("--max-hosts", "0", "--max-hosts: '0' is not a number from 1 to 9000")]
    [InlineData("--locality", "a/b/c/d", "--locality: 'a/b/c/d' is not a locality")]
    [InlineData("--locality", "/a", "--locality: '/a' is not a locality")]
    [InlineData("--label", "version", "--label: 'version' is not a label")]
    [InlineData("--label", "=v", "--label: '=v' is not a label")]
    [InlineData("--frobnicate", "1", "'--frobnicate' is not a flag")]
    public void What_is_wrong_is_named_with_its_value_and_the_remedy(string flag, string value, string message)
    {
        var parsed = Parse([flag, value]);

        Assert.Null(parsed.Options);
        Assert.Equal(2, parsed.ExitCode);
        Assert.Contains(message, parsed.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void All_mistakes_are_named_at_once()
    {
        var text = Parse(["--listen", "x", "--drain"]).Text!;

        Assert.Contains("--listen:", text, StringComparison.Ordinal);
        Assert.Contains("--drain needs a value", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_names_every_flag_and_exits_well()
    {
        var parsed = Parse(["--help"]);

        Assert.Equal(0, parsed.ExitCode);
        Assert.All(["--listen", "--admin", "--control-plane", "--service", "--node", "--ejection-lapse"], f => Assert.Contains(f, parsed.Text, StringComparison.Ordinal));
    }

    private static ParsedOptions Parse(string[] args) => OptionParser.Parse(args, _ => null);
}
