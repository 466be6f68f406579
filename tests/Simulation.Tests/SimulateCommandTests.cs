namespace Mesh.Simulation.Tests;

public sealed class SimulateCommandTests
{
    [Fact]
    public void Help_says_how_it_is_used()
    {
        using var output = new StringWriter();
        Assert.Equal(0, SimulateCommand.Run(["--help"], output));
        Assert.Contains("usage: ./mesh simulate", output.ToString(), StringComparison.Ordinal);
    }
}
