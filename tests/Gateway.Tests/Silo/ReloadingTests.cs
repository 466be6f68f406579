using Mesh.Tests;
using Mesh.Tls;

namespace Mesh.Gateway.Tests.Silo;

public sealed class ReloadingTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly Reloading<KeyPair> _pair;
    private readonly (string Cert, string Key) _paths;
    private DateTimeOffset _now = DateTimeOffset.UtcNow;

    public ReloadingTests()
    {
        _paths = _authority.Server();
        var (certificate, key) = (new PemFile("--tls-cert", _paths.Cert), new PemFile("--tls-key", _paths.Key));
        _pair = new([certificate, key], () => KeyPair.Load(certificate, key, _now));
    }

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void Files_that_have_not_changed_are_not_loaded_again()
    {
        var before = _pair.Current;
        File.SetLastWriteTimeUtc(_paths.Cert, DateTime.UtcNow);
        Assert.Equal((ReloadOutcome.Unchanged, null), _pair.Look());
        Assert.Same(before, _pair.Current);
    }

    [Fact]
    public void A_new_pair_is_in_force_at_the_next_look()
    {
        Replace(_authority.Server("next"));
        Assert.Equal(ReloadOutcome.Loaded, _pair.Look().Outcome);
        Assert.Equal("CN=next", _pair.Current.Subject);
    }

    [Fact]
    public void Half_a_replacement_is_forgiven_until_the_other_half_follows()
    {
        var next = _authority.Server("next");
        File.Copy(next.Cert, _paths.Cert, overwrite: true);
        Assert.Equal((ReloadOutcome.Unchanged, null), _pair.Look());
        Assert.Equal("CN=server", _pair.Current.Subject);
        File.Copy(next.Key, _paths.Key, overwrite: true);
        Assert.Equal(ReloadOutcome.Loaded, _pair.Look().Outcome);
        Assert.Equal("CN=next", _pair.Current.Subject);
    }

    [Fact]
    public void What_stays_wrong_is_said_once_and_the_last_good_pair_stays()
    {
        File.WriteAllText(_paths.Cert, "nonsense");
        Assert.Equal(ReloadOutcome.Unchanged, _pair.Look().Outcome);
        var (outcome, problem) = _pair.Look();
        Assert.Equal(ReloadOutcome.Failed, outcome);
        Assert.Contains(_paths.Cert, problem, StringComparison.Ordinal);
        Assert.Equal(ReloadOutcome.Unchanged, _pair.Look().Outcome);
        Assert.Equal(ReloadOutcome.Unchanged, _pair.Look().Outcome);
        Assert.Equal("CN=server", _pair.Current.Subject);

        File.Delete(_paths.Cert);
        Assert.Equal(ReloadOutcome.Unchanged, _pair.Look().Outcome);
        Assert.Contains("does not exist", _pair.Look().Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_valid_yet_is_in_force_when_it_is()
    {
        Replace(_authority.Server("next", from: _now.AddHours(1)));
        Assert.Equal(ReloadOutcome.Unchanged, _pair.Look().Outcome);
        Assert.Equal(ReloadOutcome.Failed, _pair.Look().Outcome);
        _now += TimeSpan.FromHours(2);
        Assert.Equal(ReloadOutcome.Loaded, _pair.Look().Outcome);
        Assert.Equal("CN=next", _pair.Current.Subject);
    }

    private void Replace((string Cert, string Key) next)
    {
        File.Copy(next.Cert, _paths.Cert, overwrite: true);
        File.Copy(next.Key, _paths.Key, overwrite: true);
    }
}
