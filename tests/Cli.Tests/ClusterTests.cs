namespace Mesh.Cli.Tests;

/// <summary><c>meshctl cluster</c>, without a database.</summary>
public sealed class ClusterTests : MeshctlTest
{
    [Fact]
    public async Task Without_a_database_the_dry_run_prints_all_of_it_for_psql()
    {
        var ran = await Run("cluster", "init", "--dry-run", "--grant", "si-lo");
        Assert.Equal((0, ""), (ran.ExitCode, ran.Error));
        Assert.StartsWith("BEGIN;\nSELECT pg_advisory_xact_lock(", ran.Out, StringComparison.Ordinal);
        Assert.EndsWith("\nCOMMIT;\n", ran.Out, StringComparison.Ordinal);
        Assert.Contains("CREATE TABLE mesh_member", ran.Out, StringComparison.Ordinal);
        Assert.Contains("INSERT INTO mesh_schema (version) VALUES (1);", ran.Out, StringComparison.Ordinal);
        Assert.Contains("GRANT SELECT, INSERT, UPDATE, DELETE ON mesh_member TO \"si-lo\";", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_database_nothing_is_applied_and_nothing_checked()
    {
        foreach (var command in (string[])["init", "check"])
        {
            var ran = await Run("cluster", command);
            Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
            Assert.Contains("--postgres TEXT, or MESH_POSTGRES", ran.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\"; DROP TABLE mesh_member; --")]
    public async Task A_role_of_an_odd_name_is_refused(string role)
    {
        var ran = await Run("cluster", "init", "--dry-run", "--grant", role);
        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.StartsWith("meshctl: --grant '", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("Password=secret;Hots=db")]
    [InlineData("Database=mesh;Password=secret")]
    public async Task What_is_no_connection_string_is_refused_and_not_repeated(string text)
    {
        var ran = await Run("cluster", "check", "--postgres", text);
        Assert.Equal((2, ""), (ran.ExitCode, ran.Out));
        Assert.Contains("Write it like Host=", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_one_that_cannot_be_reached()
    {
        var variables = new Dictionary<string, string> { ["MESH_POSTGRES"] = "Host=127.0.0.1;Port=1;Database=mesh;Username=mesh;Password=secret" };
        var ran = await Run(new Setup { Variables = variables }, "cluster", "init");
        Assert.Equal((4, ""), (ran.ExitCode, ran.Out));
        Assert.StartsWith("meshctl: PostgreSQL (127.0.0.1:1, database mesh) cannot be reached.\n", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", ran.Error, StringComparison.Ordinal);
    }
}
