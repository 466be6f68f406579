using System.Globalization;
using System.Text.RegularExpressions;

namespace Mesh.Deploy.Tests;

/// <summary>systemd's units.</summary>
public sealed partial class UnitTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mesh-units-");

    public static TheoryData<string> Units => [.. Repository.Files("deploy/systemd", "*.service")];

    [Theory]
    [MemberData(nameof(Units))]
    public void A_unit_starts_again_unless_its_options_are_wrong(string path)
    {
        var unit = Repository.Read(path);
        Assert.Contains("\nRestart=always\n", unit, StringComparison.Ordinal);
        Assert.Contains("\nRestartPreventExitStatus=2\n", unit, StringComparison.Ordinal);
        Assert.Contains("Usage = 2;", Repository.Read("src/Silo/ExitCodes.cs"), StringComparison.Ordinal);
        Assert.Contains("\nStartLimitIntervalSec=0\n", unit, StringComparison.Ordinal);
    }

    /// <summary>The runtime of .NET does not start without it, and @resources, which the units forbid, has it.</summary>
    [Theory]
    [MemberData(nameof(Units))]
    public void A_unit_lets_the_runtime_ask_for_its_processors(string path) =>
        Assert.Matches(@"SystemCallFilter=~@privileged @resources\n(#.*\n)?SystemCallFilter=sched_setaffinity\n", Repository.Read(path));

    [Theory]
    [MemberData(nameof(Units))]
    public void Systemd_accepts_a_unit_and_finds_it_well_locked_up(string path)
    {
        Assert.SkipUnless(Tool.IsThere("systemd-analyze"), "systemd-analyze is not installed");

        // What it starts is not installed here; true is.
        var unit = Path.Combine(_folder.FullName, Path.GetFileName(path).Replace("@.", "@x.", StringComparison.Ordinal));
        File.WriteAllText(unit, Program().Replace(Repository.Read(path), "ExecStart=/bin/true "));
        Assert.Equal("", Tool.Runs("systemd-analyze", "verify", unit));
        var exposure = Exposure().Match(Tool.Runs("systemd-analyze", "security", "--offline=true", unit)).Groups["level"].Value;
        Assert.InRange(double.Parse(exposure, CultureInfo.InvariantCulture), 0, 2);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [GeneratedRegex(@"ExecStart=/opt/mesh/\w+/mesh-\w+")]
    private static partial Regex Program();

    [GeneratedRegex(@"Overall exposure level for \S+: (?<level>[0-9.]+)")]
    private static partial Regex Exposure();
}
