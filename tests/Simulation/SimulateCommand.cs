namespace Mesh.Simulation;

/// <summary><c>./mesh simulate</c>.</summary>
public static class SimulateCommand
{
    /// <summary>Runs what the arguments ask for.</summary>
    /// <returns>0, 1 when a rule was broken, 2 when the arguments are wrong.</returns>
    public static int Run(IReadOnlyList<string> arguments, TextWriter output)
    {
        if (arguments.Contains("--help"))
        {
            output.WriteLine("usage: ./mesh simulate [--seed N] [--minutes M]");
            return 0;
        }

        output.WriteLine("There is nothing to simulate yet.");
        return 2;
    }
}
